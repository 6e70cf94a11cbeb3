import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { isEd25519Point } from './ed25519-point.ts';
import { type SshReader, sshReader } from './wire.ts';

/** The types of keys whose signatures count. Those that begin with `sk-` are on security keys (FIDO authenticators). */
export const SSH_KEY_TYPES = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
] as const;
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

/** A public key of a person, as OpenSSH writes it. Two lines with other comments, or blanks, are the same key by `line`. */
export type SshPublicKey = {
  readonly type: SshKeyType;
  readonly key: KeyObject;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Type and base64 in their one form, without a comment. */
  readonly line: string;
  /** What a key on a security key was made for, most often `ssh:`; on no other key. */
  readonly application?: string;
};

const LONGEST_LINE = 16_384;
/** RSA of 8192 bits takes 1,052 bytes. */
const LONGEST_KEY = 2048;
const RSA_BITS = { least: 2048, most: 8192 };
const CURVES = new Map([
  ['nistp256', { crv: 'P-256', size: 32 }],
  ['nistp384', { crv: 'P-384', size: 48 }],
  ['nistp521', { crv: 'P-521', size: 66 }],
]);
const MAKE_ONE = 'make another key: ssh-keygen -t ed25519-sk -O verify-required, or without a security key ssh-keygen -t ed25519';

/**
 * Reads a public key as it stands in a `.pub` file or, without options, in `authorized_keys`: type, base64, and maybe a comment.
 *
 * @throws SignwrightError `configuration` for keys that are not accepted (private keys, certificates, DSA, RSA under 2048 or over 8192
 * bits, any other type), `invalid-input` for what is not a whole key in its one form.
 */
export function parseSshPublicKey(line: string): SshPublicKey {
  if (/PRIVATE KEY/.test(line))
    throw refuse('this is a private key, where a public one belongs', 'give the line of the .pub file');
  const [, type, base64] = /^[ \t]*([^\s]+)[ \t]+([^\s]+)(?:[ \t][^\r\n]*)?\r?\n?$/.exec(line.slice(0, LONGEST_LINE + 1)) ?? [];
  if (line.length > LONGEST_LINE || type === undefined || base64 === undefined) throw notWhole();
  const known = acceptedType(type);
  const blob = Buffer.from(base64, 'base64');
  if (blob.toString('base64') !== base64) throw notWhole(known);
  const key = readSshPublicKey(blob);
  if (key.type !== known) throw malformed(`a public key of type ${key.type}, written as ${known}`);
  return key;
}

/**
 * Reads the binary form of a public key, as it stands inside a signature (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709; OpenSSH PROTOCOL.u2f).
 *
 * @throws SignwrightError as {@link parseSshPublicKey}.
 */
export function readSshPublicKey(blob: Uint8Array): SshPublicKey {
  let type: SshKeyType | undefined;
  const fields = sshReader(blob.subarray(0, LONGEST_KEY + 1), () => {
    throw notWhole(type);
  });
  type = acceptedType(fields.text());
  const jwk = readNumbers(type, fields);
  const application = type.startsWith('sk-') ? fields.text() : undefined;
  fields.end();
  if (blob.length > LONGEST_KEY || application === '') throw notWhole(type);
  return {
    type,
    key: importKey(type, jwk),
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
    line: `${type} ${Buffer.from(blob).toString('base64')}`,
    ...(application === undefined ? {} : { application }),
  };
}

function acceptedType(type: string): SshKeyType {
  const known = SSH_KEY_TYPES.find((one) => one === type);
  if (known !== undefined) return known;
  if (/-cert-v0\d@openssh\.com$/.test(type)) {
    throw refuse(
      `found a certificate (${quoted(type)}), where a key belongs`,
      'give the .pub file whose name has no -cert in it',
    );
  }
  if (type === 'ssh-dss') throw refuse('found a DSA key, which is too weak', MAKE_ONE);
  throw refuse(
    `found a key of type ${quoted(type)}; allowed are ${SSH_KEY_TYPES.join(', ')}`,
    'paste the line of the .pub file, without options before it',
  );
}

function readNumbers(type: SshKeyType, fields: SshReader): JsonWebKey {
  if (type === 'ssh-rsa') {
    const [e, n] = [fields.positive(), fields.positive()];
    return { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') };
  }
  if (type.includes('ed25519')) {
    const point = fields.string();
    if (point.length !== 32) throw notWhole(type);
    if (!isEd25519Point(point)) throw offCurve(type);
    return { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
  }
  const name = fields.text();
  const curve = CURVES.get(name);
  if (curve === undefined || !type.includes(`-${name}`)) {
    throw malformed(`a public key of type ${type} that names the curve ${quoted(name)}`);
  }
  const point = fields.string();
  if (point.length !== 1 + 2 * curve.size || point[0] !== 4) throw notWhole(type);
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)];
  return { kty: 'EC', crv: curve.crv, x: x.toString('base64url'), y: y.toString('base64url') };
}

function importKey(type: SshKeyType, jwk: JsonWebKey): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw offCurve(type, cause);
  }
  if (type !== 'ssh-rsa') return key;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_BITS.least || modulusLength > RSA_BITS.most) {
    throw refuse(`found an RSA key of ${modulusLength} bits; allowed are ${RSA_BITS.least} to ${RSA_BITS.most}`, MAKE_ONE);
  }
  // OpenSSL reads no larger exponents with large keys.
  if (publicExponent < 65537n || publicExponent >= 2n ** 64n || publicExponent % 2n === 0n) {
    throw refuse(`found an RSA key with the exponent ${publicExponent}; usual is 65537`, MAKE_ONE);
  }
  return key;
}

function refuse(message: string, next: string): SignwrightError {
  return new SignwrightError('configuration', message, { next });
}

function notWhole(type?: SshKeyType): SignwrightError {
  const what = type === undefined ? 'SSH public key' : `public key of type ${type}`;
  return new SignwrightError('invalid-input', `not a whole ${what}: paste the line of the .pub file`);
}

function offCurve(type: SshKeyType, cause?: unknown): SignwrightError {
  return malformed(`a public key of type ${type} that is no point of its curve, or a weak one`, cause);
}

function malformed(message: string, cause?: unknown): SignwrightError {
  return new SignwrightError('invalid-input', message, { next: 'paste the line of the .pub file', cause });
}
