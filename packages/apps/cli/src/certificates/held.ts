import { type KeyObject, X509Certificate } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded, writeAtomic } from '@signwright/files';
import { type Certificate, keyIdOf, messageOf, parseCertificate, SignwrightError } from '@signwright/signing-core';

/** A certificate that was issued before, and what it is signed with by. */
export type Held = {
  readonly directory: string;
  readonly leaf: Certificate;
  /** A file beside it, or the reference of a key that is elsewhere. */
  readonly key: { readonly file: string } | { readonly reference: string };
};

const CERTIFICATE = 'certificate.pem';
const CHAIN = 'chain.pem';
const KEY = 'key';
const REFERENCE = 'key-reference';
/** Keys and certificates of one machine are checked in nowhere. */
const IGNORE = '.gitignore';
const MAX_FILE = 64 * 1024;

/**
 * Writes a new key beside the certificate in use, under a name of its own, so that only this user may read it: before its certificate
 * is asked for, so that no certificate is ever without its key.
 *
 * @returns its path.
 */
export async function keepNextKey(directory: string, publicKey: KeyObject, pem: Uint8Array): Promise<string> {
  await prepareHeld(directory);
  const path = join(directory, nextKey(publicKey));
  await writeAtomic(path, pem, { mode: 0o600 });
  return path;
}

/** Whether the key of this certificate waits beside the one in use. */
export function hasNextKey(directory: string, { publicKey }: Certificate): boolean {
  return existsSync(join(directory, nextKey(publicKey)));
}

/**
 * Writes a certificate into a directory, over one that is there. The certificate is what counts: whoever reads the directory meanwhile,
 * or after a kill, finds the old one with its key or the new one with its own.
 *
 * @param chain in DER, leaf first. @param reference that of its key, where {@link keepNextKey} has not written it.
 * @throws SignwrightError `unreachable` where it cannot be written.
 */
export async function writeHeld(directory: string, chain: readonly Uint8Array[], reference?: string): Promise<void> {
  const [leaf, ...issuers] = chain.map((der) => new X509Certificate(der).toString());
  if (leaf === undefined) throw new TypeError('a chain without a leaf');
  await prepareHeld(directory);
  const at = (name: string): string => join(directory, name);
  const next = at(nextKey(parseCertificate(chain[0] as Uint8Array).publicKey));
  if (reference !== undefined) await writeAtomic(at(REFERENCE), `${reference}\n`);
  await writeAtomic(at(CHAIN), issuers.join(''));
  await writeAtomic(at(CERTIFICATE), leaf);
  if (reference !== undefined) await rm(at(KEY), { force: true });
  else if (existsSync(next)) {
    await rename(next, at(KEY));
    await rm(at(REFERENCE), { force: true });
  }
}

/** The name of a new key until its certificate is there: it tells whose it is. */
function nextKey(publicKey: KeyObject): string {
  return `${KEY}.${Buffer.from(keyIdOf(publicKey), 'base64').toString('hex').slice(0, 16)}`;
}

/** Makes the directory, for its owner alone. */
async function prepareHeld(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await lstat(directory)).isSymbolicLink()) throw new Error('a link is there, which leads elsewhere');
    await chmod(directory, 0o700);
    await writeFile(join(directory, IGNORE), '*\n', { flag: 'wx' }).catch(unlessThere);
  } catch (cause) {
    throw new SignwrightError('unreachable', `the directory of the certificate cannot be made: ${messageOf(cause)}`, {
      where: directory,
      cause,
    });
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/**
 * A reference says which library is loaded, and which service is shown this job's token: one that came with a checkout may not.
 *
 * @throws SignwrightError `configuration` where the directory is not as we make it: no link, and its owner's alone.
 */
async function checkOwn(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode, uid } = await lstat(directory);
  const isOurs = (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o077) === 0 && uid === process.getuid?.();
  if (isOurs) return;
  throw new SignwrightError(
    'configuration',
    `${directory} is not its owner's alone, so anybody may have written its ${REFERENCE}`,
    {
      next: `look at what ${join(directory, REFERENCE)} says; if you have put it there: chmod 700 ${directory}`,
    },
  );
}

/** Whether there is a certificate in a directory. */
export function isHeld(directory: string): boolean {
  return existsSync(join(directory, CERTIFICATE));
}

/** The key's reference where the key is elsewhere. */
async function referenceIn(directory: string): Promise<string | undefined> {
  if (!existsSync(join(directory, REFERENCE)) || existsSync(join(directory, KEY))) return undefined;
  await checkOwn(directory);
  return (await readBounded(join(directory, REFERENCE), MAX_FILE, "the key's reference")).toString('utf8').trim();
}

/**
 * Reads a held certificate, and finds its key.
 *
 * @param next what to do where there is none.
 * @throws SignwrightError `configuration` where there is no certificate, or no key of it.
 */
export async function readHeld(directory: string, next: string): Promise<Held> {
  if (!isHeld(directory)) throw new SignwrightError('configuration', `there is no certificate in ${directory}`, { next });
  const path = join(directory, CERTIFICATE);
  const pem = (await readBounded(path, MAX_FILE, 'the certificate')).toString('latin1');
  const leaf = leafOf(pem, path);
  // Where a kill came between, the certificate's key has its own name still.
  const reference = hasNextKey(directory, leaf) ? undefined : await referenceIn(directory);
  if (reference !== undefined) return { directory, leaf, key: { reference } };
  const file = [nextKey(leaf.publicKey), KEY].map((name) => join(directory, name)).find((one) => existsSync(one));
  if (file !== undefined) return { directory, leaf, key: { file } };
  throw new SignwrightError('configuration', `there is no key beside the certificate in ${directory}`, { next });
}

function leafOf(pem: string, where: string): Certificate {
  if (!/^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(pem))
    throw new SignwrightError('configuration', 'not one certificate in PEM', { where });
  try {
    return parseCertificate(new X509Certificate(pem).raw);
  } catch (cause) {
    throw new SignwrightError('configuration', `the certificate cannot be read: ${messageOf(cause)}`, { where, cause });
  }
}
