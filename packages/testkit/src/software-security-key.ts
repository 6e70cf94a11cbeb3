import { createHash } from 'node:crypto';
import { testKeys } from './test-keys.ts';
import { numbersOf, rawSignature, signedData, sshsig, string, uint32 } from './write-ssh.ts';

export type SoftwareSecurityKeyOptions = {
  readonly algorithm?: 'ed25519' | 'ecdsa';
  /** What the key is for; `ssh:` unless told. */
  readonly application?: string;
  /** Whether it says that somebody touched it; `true` unless told. */
  readonly presence?: boolean;
  /** Whether it says that it knows who touched it; `true` unless told. */
  readonly verification?: boolean;
  /** Another name is another key. */
  readonly name?: string;
};

/** What a security key would do, done in software: nobody touches it, and its key is in memory. */
export type SoftwareSecurityKey = {
  /** The line of its .pub file. */
  readonly line: string;
  /** A binary SSH signature (OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f). */
  sign(message: Uint8Array, namespace: string): Buffer;
};

const TYPES = {
  ed25519: { type: 'sk-ssh-ed25519@openssh.com', keys: 'ed25519', hash: null },
  ecdsa: { type: 'sk-ecdsa-sha2-nistp256@openssh.com', keys: 'p256', hash: 'sha256' },
} as const;

/** A security key in software that says of its user what it is told to say: signatures of real ones cannot be made in a test. */
export function softwareSecurityKey({
  algorithm = 'ed25519',
  application = 'ssh:',
  presence = true,
  verification = true,
  name = 'security key',
}: SoftwareSecurityKeyOptions = {}): SoftwareSecurityKey {
  const { type, keys, hash } = TYPES[algorithm];
  const { privateKey, publicKey } = testKeys(keys, name);
  const blob = Buffer.concat([string(type), numbersOf(publicKey), string(application)]);
  let counter = 0;
  return {
    line: `${type} ${blob.toString('base64')} software`,
    sign(message: Uint8Array, namespace: string): Buffer {
      counter += 1;
      const said = Buffer.concat([Buffer.of((presence ? 0x01 : 0) | (verification ? 0x04 : 0)), uint32(counter)]);
      const data = Buffer.concat([sha256(application), said, sha256(signedData(namespace, message))]);
      const signature = Buffer.concat([string(type), string(rawSignature(privateKey, hash, data)), said]);
      return sshsig({ publicKey: blob, namespace, signature });
    },
  };
}

function sha256(content: Uint8Array | string): Buffer {
  return createHash('sha256').update(content).digest();
}
