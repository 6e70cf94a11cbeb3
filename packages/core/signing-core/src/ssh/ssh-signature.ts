import { createHash, type KeyObject, verify } from 'node:crypto';
import { messageOf } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import { Refused } from '../refused.ts';
import { readSshPublicKey, type SshKeyType, type SshPublicKey } from './ssh-public-key.ts';
import { type SshReader, sshReader, sshString } from './wire.ts';

/** A signature as `ssh-keygen -Y sign` makes it (OpenSSH PROTOCOL.sshsig). Nothing of it is verified yet. */
export type SshSignature = {
  /** The key that says it signed. */
  readonly key: SshPublicKey;
  /** What it was signed for. */
  readonly namespace: string;
  /** The hash of the signature itself; Ed25519 has its own. */
  readonly hash: string | null;
  /** As node:crypto takes it: `r` and `s` of ECDSA in their full width. */
  readonly signature: Buffer;
  /** What a security key says of the person at it, of which the signature is too. */
  readonly touch?: { readonly flags: number; readonly counter: number };
};

/** What a security key vouches for beside the message. */
export type SshUserCheck = { readonly presence?: true; readonly verification?: true };

/** Bytes of a binary signature at the most: a key and a signature of RSA 8192, and a namespace. */
export const MAX_SSH_SIGNATURE: number = 8192;

const MAGIC = Buffer.from('SSHSIG');
const VERSION = 1;
const HASH = 'sha512';
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

type Algorithm = { readonly name: string; readonly hash: string | null };

/** What the signature of a key says its algorithm is, and the hash that goes with it. RSA with SHA-1 (`ssh-rsa`) is none. */
const ALGORITHMS: { readonly [type in SshKeyType]: readonly Algorithm[] } = {
  'ssh-ed25519': [{ name: 'ssh-ed25519', hash: null }],
  'sk-ssh-ed25519@openssh.com': [{ name: 'sk-ssh-ed25519@openssh.com', hash: null }],
  'ecdsa-sha2-nistp256': [{ name: 'ecdsa-sha2-nistp256', hash: 'sha256' }],
  'ecdsa-sha2-nistp384': [{ name: 'ecdsa-sha2-nistp384', hash: 'sha384' }],
  'ecdsa-sha2-nistp521': [{ name: 'ecdsa-sha2-nistp521', hash: 'sha512' }],
  'sk-ecdsa-sha2-nistp256@openssh.com': [{ name: 'sk-ecdsa-sha2-nistp256@openssh.com', hash: 'sha256' }],
  'ssh-rsa': [
    { name: 'rsa-sha2-512', hash: 'sha512' },
    { name: 'rsa-sha2-256', hash: 'sha256' },
  ],
};
const ED25519_SIZE = 64;
const ECDSA_SIZES: { readonly [curve: string]: number } = { prime256v1: 32, secp384r1: 48, secp521r1: 66 };

/**
 * Reads a signature, strictly, without verifying it: whose it says to be, and for what.
 *
 * @throws Refused `malformed` where it is not one whole signature in its one form, `bad-signature` where it is by SHA-256 over the
 * message or by RSA with SHA-1, which never count.
 */
export function readSshSignature(blob: Uint8Array): SshSignature {
  if (blob.length > MAX_SSH_SIGNATURE) throw malformed(`has ${blob.length} bytes; at most ${MAX_SSH_SIGNATURE} are read`);
  if (!MAGIC.equals(blob.subarray(0, MAGIC.length))) throw malformed('does not begin with SSHSIG');
  const fields = sshReader(blob.subarray(MAGIC.length), failMalformed);
  const version = fields.uint32();
  if (version !== VERSION) throw malformed(`has the version ${version}; ${VERSION} is read`);
  const key = readKey(fields.string());
  const namespace = fields.text();
  if (namespace === '') throw malformed('has no namespace');
  if (fields.string().length > 0) throw malformed('has something in its reserved field');
  const hash = fields.text();
  if (hash !== HASH) {
    throw new Refused('bad-signature', `the SSH signature is over a digest by ${quoted(hash)}; only ${HASH} counts`);
  }
  const signature = fields.string();
  fields.end();
  return { key, namespace, ...readInner(key, sshReader(signature, failMalformed)) };
}

/**
 * Verifies a signature over a message (OpenSSH PROTOCOL.sshsig): by this key, for this namespace, by SHA-512. Of a security key it
 * demands that somebody was there and proved who they are, by PIN or fingerprint; `ssh-keygen -Y verify` does not.
 *
 * @param expected the namespace that the signature must have been made for, and the one key that counts.
 * @returns for a security key both checks, for any other none.
 * @throws Refused `malformed` or `bad-signature` as {@link readSshSignature}, `key-not-listed` for another key, `wrong-predicate` for
 * another namespace, `bad-signature` where it does not hold, `user-not-verified` where a security key did not check the person.
 */
export function verifySshSignature(
  blob: Uint8Array,
  message: Uint8Array,
  expected: { readonly namespace: string; readonly key: SshPublicKey },
): SshUserCheck {
  const found = readSshSignature(blob);
  checkKey(found.key, expected.key);
  if (found.namespace !== expected.namespace) {
    const text = `the SSH signature was made for ${quoted(found.namespace)}, not for ${quoted(expected.namespace)}`;
    throw new Refused('wrong-predicate', text);
  }
  if (!holds(found, message)) throw new Refused('bad-signature', `the SSH signature by ${found.key.fingerprint} does not hold`);
  return found.touch === undefined ? {} : checkUser(found.touch.flags, found.key);
}

function checkKey(found: SshPublicKey, expected: SshPublicKey): void {
  if (found.line === expected.line) return;
  const applications =
    found.type === expected.type && found.application !== expected.application
      ? `, for the application ${quoted(found.application ?? '')} and not ${quoted(expected.application ?? '')}`
      : '';
  throw new Refused(
    'key-not-listed',
    `the SSH signature is by another key: ${found.fingerprint}, not ${expected.fingerprint}${applications}`,
  );
}

function checkUser(flags: number, { fingerprint }: SshPublicKey): SshUserCheck {
  const missing = [
    ...(flags & USER_PRESENT ? [] : ['that somebody touched it']),
    ...(flags & USER_VERIFIED ? [] : ['who touched it, by PIN or fingerprint']),
  ];
  if (missing.length === 0) return { presence: true, verification: true };
  throw new Refused('user-not-verified', `the security key ${fingerprint} did not check ${missing.join(', nor ')}`);
}

/** The bytes that are signed: the message's digest, what it is for, and of a security key what that adds (OpenSSH PROTOCOL.u2f). */
function holds({ key, namespace, hash, signature, touch }: SshSignature, message: Uint8Array): boolean {
  const digest = createHash(HASH).update(message).digest();
  const signed = Buffer.concat([MAGIC, ...[namespace, '', HASH, digest].map(sshString)]);
  const said = touch === undefined ? signed : touchedBytes(key, touch, signed);
  return verify(hash, said, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature);
}

function touchedBytes({ application = '' }: SshPublicKey, touch: { flags: number; counter: number }, signed: Buffer): Buffer {
  const sha256 = (part: Uint8Array | string): Buffer => createHash('sha256').update(part).digest();
  const check = Buffer.alloc(5);
  check.writeUInt8(touch.flags);
  check.writeUInt32BE(touch.counter, 1);
  return Buffer.concat([sha256(application), check, sha256(signed)]);
}

function readKey(blob: Buffer): SshPublicKey {
  try {
    return readSshPublicKey(blob);
  } catch (cause) {
    throw new Refused('malformed', `the SSH signature names a key that is not accepted: ${messageOf(cause)}`, cause);
  }
}

function readInner(key: SshPublicKey, fields: SshReader): Pick<SshSignature, 'hash' | 'signature' | 'touch'> {
  const name = fields.text();
  const accepted = ALGORITHMS[key.type];
  const algorithm = accepted.find((one) => one.name === name);
  if (algorithm === undefined) {
    const by = name === 'ssh-rsa' ? 'RSA with SHA-1 (ssh-rsa)' : quoted(name);
    const counts = accepted.map((one) => one.name).join(' or ');
    throw new Refused('bad-signature', `the SSH signature is by ${by}; of a key of type ${key.type} only ${counts} counts`);
  }
  const signature = readNumbers(key.key, fields.string());
  const touch = key.application === undefined ? undefined : { flags: fields.byte(), counter: fields.uint32() };
  fields.end();
  return { hash: algorithm.hash, signature, ...(touch === undefined ? {} : { touch }) };
}

function readNumbers({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject, bytes: Buffer): Buffer {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType !== 'ec') {
    const size = asymmetricKeyType === 'ed25519' ? ED25519_SIZE : Math.ceil(modulusLength / 8);
    return bytes.length === size ? bytes : failMalformed(`has ${bytes.length} bytes where its key makes ${size}`);
  }
  const size = ECDSA_SIZES[namedCurve] as number;
  const fields = sshReader(bytes, failMalformed);
  const numbers = [fields.positive(), fields.positive()];
  fields.end();
  if (numbers.some(({ length }) => length > size)) throw malformed('has a number that is larger than its curve');
  return Buffer.concat(numbers.flatMap((number) => [Buffer.alloc(size - number.length), number]));
}

function malformed(why: string): Refused {
  return new Refused('malformed', `the SSH signature ${why}`);
}

function failMalformed(why: string): never {
  throw malformed(why);
}
