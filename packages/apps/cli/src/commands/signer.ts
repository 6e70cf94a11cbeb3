import type { KeyObject } from 'node:crypto';
import { mkdir, open as openFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { readBounded } from '@signwright/files';
import type { SignerDefinition } from '@signwright/policy';
import { type CiJob, keyIdOf, messageOf, readPublicKey, SignwrightError } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { checkIsFile, type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import { jobIdentity } from '../context/signers/job-identity.ts';
import { type OpeningKeys, openReference } from '../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../context/signers/passphrase.ts';
import { editPolicy } from '../policy-edit/edit-policy.ts';
import { printLines } from '../print-lines.ts';
import { finishEdit } from '../rotate/finish-edit.ts';
import { handOver, type KeyEntry } from '../rotate/hand-over.ts';
import { overlapOf, type RotationOptions } from '../rotate/terms.ts';

export type SignerRotateOptions = PassphraseOptions & PolicyOptions & RotationOptions & { readonly to?: string };

/** A line of a signer's `keys:`. */
type KeyLine = Readonly<Record<'ref' | 'public-key', string>>;
const MAX_PUBLIC_KEY = 16_384;

type Rotation = { readonly ref: string; readonly publicKey: KeyObject; readonly replaces?: KeyLine };

/**
 * `signwright signer rotate SIGNER`: asks each key of a signer for its public key, and puts into the policy those that are not the one
 * that is pinned; or another key that is to take over. The new public key is written to a file at once, the policy only where told.
 */
export async function signerRotate(id: string, options: SignerRotateOptions, run: Run): Promise<void> {
  checkIsFile(options.policy, 'the public key is written beside it');
  const now = new Date();
  const open = await openPolicy(options, now);
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
  const { from, until } = overlapOf(options, now);
  const news: { readonly at: number | undefined; readonly next: KeyEntry }[] = [];
  for (const { ref, publicKey, replaces } of rotations) {
    const path = await writePublicKey(open, id, publicKey);
    const at = replaces === undefined ? undefined : written.indexOf(replaces);
    news.push({ at, next: { ref, 'public-key': path, ...(at === undefined ? {} : { from }) } });
  }
  const edited = await editPolicy(
    options.policy,
    (document) => {
      // From the last on, for each moves those behind it.
      for (const { at, next } of news.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)))
        handOver(document, { list: ['signers', id, 'keys'], at }, next, until);
    },
    now,
  );
  await finishEdit(edited, options.write === true, [
    `signer ${id} signs with another key${written.length === 0 ? '' : `; what the old one signs counts until ${until}, what it signed before then goes on counting`}.`,
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

/** @throws SignwrightError `usage` where the signer is another file's, which this one builds on. */
function writtenKeys({ policy, file }: OpenPolicy, id: string): readonly KeyLine[] {
  const own = policy.layers.at(-1)?.content.signers?.[id];
  if (own !== undefined) return own.keys ?? [];
  const layer = policy.layers.findLast(({ content }) => content.signers?.[id] !== undefined);
  throw new SignwrightError('usage', `signer ${id} is of another policy, which this one builds on`, {
    where: file,
    next: `name that one: --policy ${layer?.source.file ?? 'FILE'}`,
  });
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
