import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, SignwrightError, verifierKeyOf } from '@signwright/signing-core';
import type { StandIns } from './shadow-policy.ts';

const run = promisify(execFile);

/** Stand-ins that come into being as the policy is gone through, and the files they need. */
export type Making = {
  readonly standIns: StandIns;
  /** Writes all key files. */
  write(): Promise<void>;
  readonly witnesses: readonly { readonly name: string; readonly key: string }[];
};

const LOG = 'log.signwright.invalid/drill';

/**
 * Makes stand-ins below a directory; paths in them are relative to it.
 *
 * @param origin where timestamps and the webhook are served.
 * @param people whose private keys are needed; of the others nobody can sign.
 */
export function makeStandIns(
  directory: string,
  { origin, issuer, secretEnv, people }: { origin: string; issuer: string; secretEnv: string; people: ReadonlySet<string> },
): Making {
  const files = new Map<string, string>();
  const sshKeys = new Map<string, string>();
  const witnesses: { name: string; key: string }[] = [];
  const noteKey = (path: string, name: string, kind: 'log' | 'witness'): string => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    files.set(path, pem(privateKey));
    return verifierKeyOf(name, publicKey, kind).text;
  };
  const log = { directory: 'log', key: 'keys/log.pem', verifierKey: noteKey('keys/log.pem', LOG, 'log') };
  const standIns: StandIns = {
    trustRoot: 'trial/trusted-root.json',
    authority: 'trial',
    issuer,
    timestamps: (count) => Array.from({ length: count }, (_, at) => `${origin}/timestamp/${at}`),
    key(signer, index) {
      const ref = `keys/${signer}-${index}.pem`;
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      files.set(ref, pem(privateKey));
      files.set(`keys/${signer}-${index}.pub`, pem(publicKey));
      return { ref, 'public-key': `keys/${signer}-${index}.pub` };
    },
    sshKey(person, index) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const line = sshLine(publicKey);
      if (people.has(person)) sshKeys.set(sshKeyFile(person, index), sshPrivate(privateKey));
      files.set(`${sshKeyFile(person, index)}.pub`, `${line}\n`);
      return line;
    },
    log,
    witness(name) {
      const key = `keys/witness-${witnesses.length}.pem`;
      witnesses.push({ name, key });
      return { name, key: noteKey(key, name, 'witness') };
    },
    evidence: 'evidence',
    webhook: { url: `${origin}/webhook`, secretEnv },
    crl: 'trial.crl',
  };
  return {
    standIns,
    witnesses,
    async write() {
      for (const [path, text] of [...files, ...sshKeys]) {
        await mkdir(dirname(join(directory, path)), { recursive: true, mode: 0o700 });
        await writeFile(join(directory, path), text, { mode: 0o600 });
      }
      if (sshKeys.size > 0) await checkOpenssh();
    },
  };
}

/** Writes a fresh key of a signer: `PATH.pem` and `PATH.pub`. */
export async function writeKeyPair(path: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  await writeFile(`${path}.pem`, pem(privateKey), { mode: 0o600 });
  await writeFile(`${path}.pub`, pem(publicKey));
}

function pem(key: KeyObject): string {
  return key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString();
}

/** The private key of a person, relative to the shadow. */
export function sshKeyFile(person: string, index: number): string {
  return `people/${person}-${index}`;
}

/** People sign with the machine's own ssh-keygen. */
async function checkOpenssh(): Promise<void> {
  await run('ssh-keygen', ['-?'], { env: { PATH: process.env['PATH'] ?? '' } }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'ENOENT') return;
    throw new SignwrightError('configuration', `people's approvals cannot be rehearsed: ${messageOf(error)}`, {
      next: 'install OpenSSH, which has ssh-keygen',
    });
  });
}

/** A string of SSH's binary format (RFC 4251, 5). */
function string(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const TYPE = 'ssh-ed25519';

function publicBlob(key: KeyObject): Buffer {
  return Buffer.concat([string(TYPE), string(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'))]);
}

function sshLine(key: KeyObject): string {
  return `${TYPE} ${publicBlob(key).toString('base64')}`;
}

/** A private key without a passphrase, as OpenSSH keeps it (PROTOCOL.key). */
function sshPrivate(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const [point, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const check = Buffer.alloc(8);
  const secret = Buffer.concat([check, string(TYPE), string(point), string(Buffer.concat([seed, point])), string('drill')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (secret.length % 8)) % 8);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(publicBlob(createPublicKey(key))),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
