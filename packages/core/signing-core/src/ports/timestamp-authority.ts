/** Attests when a signature existed (RFC 3161). */
export interface TimestampAuthority {
  /**
   * @param signature the bytes whose time is wanted; only their SHA-256 leaves.
   * @returns a TimeStampResp in DER, granted, for this signature and the nonce that was sent.
   * @throws SignwrightError `unreachable` where no authority could be reached, `verification` where an answer is not one.
   */
  timestamp(signature: Uint8Array): Promise<Uint8Array>;
}
