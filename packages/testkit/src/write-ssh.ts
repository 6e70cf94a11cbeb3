import { createHash, type KeyObject, sign } from 'node:crypto';

/** A string of SSH's binary format (RFC 4251, 5): its length, then its bytes. */
export function string(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A 32-bit number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A positive integer, from its big-endian bytes. */
export function mpint(bytes: Uint8Array): Buffer {
  const hex = Buffer.from(bytes)
    .toString('hex')
    .replace(/^(00)+/, '');
  return string(Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex'));
}

/** The numbers of a public key as they stand in its blob, after the type. */
export function numbersOf(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (jwk.kty === 'RSA') return Buffer.concat([mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
  if (jwk.kty === 'OKP') return string(bytes(jwk.x));
  const curve = `nist${jwk.crv?.replace('-', '').toLowerCase()}`;
  return Buffer.concat([string(curve), string(Buffer.concat([Buffer.of(4), bytes(jwk.x), bytes(jwk.y)]))]);
}

/** The parts of a binary SSH signature (OpenSSH PROTOCOL.sshsig), each to be made wrong. */
export type SshsigParts = {
  readonly magic?: string;
  readonly version?: number;
  readonly publicKey: Uint8Array;
  readonly namespace: string;
  readonly reserved?: string;
  readonly hash?: string;
  /** The inner signature: what it says its algorithm is, and what follows that. */
  readonly signature: Uint8Array;
};

/** A binary SSH signature from its parts. */
export function sshsig({
  magic = 'SSHSIG',
  version = 1,
  publicKey,
  namespace,
  reserved = '',
  hash = 'sha512',
  signature,
}: SshsigParts): Buffer {
  return Buffer.concat([Buffer.from(magic), uint32(version), ...[publicKey, namespace, reserved, hash, signature].map(string)]);
}

/** The bytes that a signature is over. */
export function signedData(namespace: string, message: Uint8Array, hash = 'sha512'): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([Buffer.from('SSHSIG'), ...[namespace, '', hash, digest].map(string)]);
}

/** A raw signature as SSH writes it: of ECDSA two integers, of any other its bytes. */
export function rawSignature(key: KeyObject, hash: string | null, data: Uint8Array): Buffer {
  const raw = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  if (key.asymmetricKeyType !== 'ec') return raw;
  return Buffer.concat([mpint(raw.subarray(0, raw.length / 2)), mpint(raw.subarray(raw.length / 2))]);
}
