import type { KeyObject } from 'node:crypto';
import { mkdir, open as openFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { readBounded } from '@signwright/files';
import type { SignerDefinition } from '@signwright/policy';
import { type CiJob, keyIdOf, messageOf, readPublicKey, SignwrightError } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { parseInstant } from '../context/instant.ts';
import { checkIsFile, type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import { jobIdentity } from '../context/signers/job-identity.ts';
import { type OpeningKeys, openReference } from '../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../context/signers/passphrase.ts';
import { printLines } from '../print-lines.ts';

export type SignerRotateOptions = PassphraseOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly to?: string;
  readonly from?: string;
  /** Seconds. */
  readonly overlap: number;
};

/** A line of a signer's `keys:`. */
type KeyLine = Readonly<Record<'ref' | 'public-key', string>> &
  Partial<Readonly<Record<'from' | 'until' | 'compromised-since', string>>>;
const MAX_PUBLIC_KEY = 16_384;

type Rotation = { readonly ref: string; readonly publicKey: KeyObject; readonly replaces?: KeyLine };

/**
 * `signwright signer rotate SIGNER`: asks each key of a signer for its public key, and drafts the lines of the policy for those that
 * are not the one that is pinned; or for another key that is to take over. The new public key is written to a file, the policy is not
 * touched: whoever edits it decides.
 */
export async function signerRotate(id: string, options: SignerRotateOptions, run: Run): Promise<void> {
  checkIsFile(options.policy, 'the public key is written beside it');
  const open = await openPolicy(options, new Date());
  const definition = definitionOf(open, id);
  const written = writtenKeys(open, id);
  if (written.length === 0 && options.to === undefined) throw noKeys(definition);
  const opening = await openingOf(open, definition, options, run);
  const rotations =
    options.to === undefined ? await findRotated(written, definition, opening) : [await takeOver(options.to, written, opening)];
  if (rotations.length === 0) {
    printLines([`signer ${id}: each key is the one the policy pins; nothing is to be changed`]);
    return;
  }
  const from = options.from === undefined ? new Date() : new Date(parseInstant(options.from, '--from'));
  const until = new Date(from.getTime() + options.overlap * 1000);
  const news = new Map<KeyLine | undefined, string>();
  for (const { ref, publicKey, replaces } of rotations) {
    const path = await writePublicKey(open, id, publicKey);
    news.set(replaces, line({ ref, 'public-key': path, ...(replaces ? { from: instant(from) } : {}) }));
  }
  printLines([
    `signer ${id} is to sign with another key. Its lines in the policy (${definition.where}), once somebody has looked:`,
    '',
    '    keys:',
    ...[news.get(undefined) ?? []].flat(),
    ...written.flatMap((key) => {
      const next = news.get(key);
      return next === undefined ? [line(key)] : [next, line({ ...key, until: key['until'] ?? instant(until) })];
    }),
    ...(written.length === 0
      ? []
      : ['', `What the old key signs counts until ${instant(until)}; what it signed before then goes on counting.`]),
  ]);
}

export type SignerPublicKeyOptions = PassphraseOptions & { readonly out?: string };

/** `signwright signer public-key REFERENCE`: the public key of a key that stays elsewhere, for the policy to pin. */
export async function signerPublicKey(reference: string, options: SignerPublicKeyOptions, { signal }: Run): Promise<void> {
  await refuseInMergeRequests();
  const idToken = async (): Promise<never> => {
    throw new SignwrightError('usage', 'an ID token is of a job that the policy lets sign; there is no policy here', {
      next: 'look at the key with a token of your own (login=token)',
    });
  };
  const opening = { directory: '.', passphrase: passphraseOf(options), signal, idToken };
  const publicKey = await (await openReference(reference, 'the key', opening, {})).publicKey();
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  if (options.out === undefined) process.stdout.write(pem);
  else {
    await mkdir(dirname(options.out), { recursive: true });
    await writeNew(options.out, pem, publicKey);
    printLines([`the public key ${keyIdOf(publicKey)} is in ${options.out}`]);
  }
}

/** The keys that are not the pinned ones any more. */
async function findRotated(
  written: readonly KeyLine[],
  { id, keys }: SignerDefinition,
  opening: OpeningKeys,
): Promise<Rotation[]> {
  const rotations: Rotation[] = [];
  for (const [ref, first] of new Map([...written].reverse().map((key) => [key.ref, key]))) {
    const signer = await openReference(definitionRef(first, written, keys), `signer ${id}`, opening, {});
    const publicKey = await signer.publicKey();
    if (!keys.some(({ rule }) => rule.keyId === keyIdOf(publicKey))) rotations.push({ ref, publicKey, replaces: first });
  }
  return rotations;
}

/** Paths of a policy are relative to its file; its definition has them as they are from here. */
function definitionRef(key: KeyLine, written: readonly KeyLine[], keys: SignerDefinition['keys']): string {
  return keys[written.indexOf(key)]?.ref ?? key.ref;
}

async function takeOver(ref: string, written: readonly KeyLine[], opening: OpeningKeys): Promise<Rotation> {
  const publicKey = await (await openReference(ref, 'the new key', opening, {})).publicKey();
  const [replaces] = written;
  return { ref, publicKey, ...(replaces === undefined ? {} : { replaces }) };
}

async function openingOf(
  open: OpenPolicy,
  definition: SignerDefinition,
  options: PassphraseOptions,
  { signal }: Run,
): Promise<OpeningKeys> {
  const identity = jobIdentity(await refuseInMergeRequests(), { rule: definition.rule }, signal);
  return {
    directory: open.directory,
    passphrase: passphraseOf(options),
    signal,
    idToken: (audience) => identity.idToken(audience),
  };
}

/** @returns the job this is part of, if it is one. */
async function refuseInMergeRequests(): Promise<CiJob | undefined> {
  const job = await ciJob();
  if (job?.planOnly === undefined) return job;
  throw new SignwrightError('denied', `no key is asked for in ${job.planOnly}: whoever opens one writes the policy there`, {
    next: 'run it on your own machine, or in a pipeline of a branch that is protected',
  });
}

function definitionOf({ policy, file }: OpenPolicy, id: string): SignerDefinition {
  const definition = policy.signers.get(id);
  if (definition === undefined) {
    throw new SignwrightError('usage', `the policy has no signer ${JSON.stringify(id.slice(0, 64))}`, {
      where: file,
      next: `its signers are ${[...policy.signers.keys()].join(', ')}`,
    });
  }
  return definition;
}

function noKeys({ id, where }: SignerDefinition): SignwrightError {
  return new SignwrightError('usage', `signer ${id} has no keys to rotate: it signs by certificate`, {
    where,
    next: `name the key that is to sign: signwright signer rotate ${id} --to REFERENCE`,
  });
}

function writtenKeys({ policy }: OpenPolicy, id: string): readonly KeyLine[] {
  const layer = policy.layers.findLast(({ content }) => content.signers?.[id] !== undefined);
  return layer?.content.signers?.[id]?.keys ?? [];
}

/** What needs no quotes in YAML: paths and times as they are mostly written. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._/:+-]*$/;

function line(key: KeyLine): string {
  const { ref, ...rest } = key;
  const others = Object.entries(rest).map(([name, value]) => `, ${name}: ${PLAIN.test(value) ? value : JSON.stringify(value)}`);
  return `      - { ref: ${JSON.stringify(ref)}${others.join('')} }`;
}

function instant(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** @returns the path as the policy would have it. */
async function writePublicKey(open: OpenPolicy, id: string, publicKey: KeyObject): Promise<string> {
  const short = Buffer.from(keyIdOf(publicKey), 'base64').toString('hex').slice(0, 8);
  const path = resolve(open.directory, 'trust', `${id}-${short}.pub`);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await mkdir(dirname(path), { recursive: true });
  await checkInside(dirname(path), open.directory);
  await writeNew(path, pem, publicKey);
  return relative(open.directory, path);
}

/** Writes a public key where nothing is yet, or that very key. */
async function writeNew(path: string, pem: string, publicKey: KeyObject): Promise<void> {
  try {
    const file = await openFile(path, 'wx');
    await file.writeFile(pem);
    await file.sync();
    await file.close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new SignwrightError('unreachable', `the public key cannot be written: ${messageOf(cause)}`, { where: path, cause });
    const there = readPublicKey((await readBounded(path, MAX_PUBLIC_KEY, 'the public key')).toString('utf8'), path);
    if (there.equals(publicKey)) return;
    throw new SignwrightError('configuration', 'there is another key in the file the new one would be written to', {
      where: path,
      next: 'find out who put it there, and remove it',
    });
  }
}

/** A link could lead out of the policy's directory. */
async function checkInside(directory: string, policy: string): Promise<void> {
  const [real, base] = await Promise.all([realpath(directory), realpath(policy)]);
  if (real === join(base, 'trust')) return;
  throw new SignwrightError('configuration', `${directory} leads out of the policy's directory`, {
    where: real,
    next: 'make it a directory beside the policy',
  });
}
