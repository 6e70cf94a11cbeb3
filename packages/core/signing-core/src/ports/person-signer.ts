/** Signs as a person: with an SSH key, which may stay in an agent or on a security key. */
export interface PersonSigner {
  /** The public key: type and base64, as in a `.pub` file. */
  publicKey(): string;
  /**
   * @param namespace what it is signed for; a signature made for one thing is none for another.
   * @returns the binary SSHSIG blob (OpenSSH's PROTOCOL.sshsig), hashed by SHA-512.
   * @throws SignwrightError `configuration` where the key cannot be used, `cancelled` where the person does not sign.
   */
  sign(message: Uint8Array, namespace: string): Promise<Uint8Array>;
}
