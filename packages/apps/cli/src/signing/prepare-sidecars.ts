import { createPublicKey } from 'node:crypto';
import { readBounded, writeAtomicAll } from '@signwright/files';
import type { SignerDefinition } from '@signwright/policy';
import {
  checkFileSignature,
  inParallel,
  recordedSigner,
  type Signer,
  type Signing,
  SignwrightError,
  sha256,
  signFile,
} from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import { type ArtifactFile, SIDECAR } from '../context/find-artifacts.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { keysThatCount } from '../context/signers/choices.ts';
import {
  checkNotStopped,
  definitionOf,
  type NewFile,
  type PlannedArtifact,
  type SigningRun,
  type Work,
  workArtifact,
} from './work.ts';

/** Files up to here are signed and checked whole, which Node does natively; larger ones by their digest. */
const WHOLE = 1024 * 1024;
/** As many a KMS answers at once. */
const IN_FLIGHT = 32;

/**
 * Settles which files get FILE.sigstore.json beside them: the file's signature by its first signer, as cosign and others read it. No
 * decision reads it. One that is there already and holds is kept; another is replaced, and that is told. Nothing is signed.
 */
export async function prepareSidecars(
  planned: readonly PlannedArtifact[],
  run: SigningRun,
  note: (line: string) => void,
): Promise<Work[]> {
  const works: Work[] = [];
  for (const [id, artifacts] of bySigner(planned)) {
    const definition = definitionOf(run.open, id);
    const found = await inParallel(artifacts, IN_FLIGHT, (beside) => lookAt(beside, definition.rule, run));
    const missing = artifacts.filter((_, index) => found[index] !== 'holds');
    const others = found.filter((one) => one === 'other').length;
    if (others > 0) note(`${id}: ${others} of FILE${SIDECAR} are not its signature over FILE as it is now, and are replaced`);
    if (missing.length > 0) works.push(await prepare(definition, missing, run));
  }
  return works;
}

async function prepare(definition: SignerDefinition, missing: readonly Beside[], run: SigningRun): Promise<Work> {
  const signer = await run.signers.of(definition);
  return {
    definition,
    deed: 'signed',
    artifacts: missing.map(({ artifact }) => workArtifact(artifact)),
    signer: await recordedSigner({ signer, rule: definition.rule }),
    unreached: run.signers.unreached(definition),
    async sign() {
      try {
        return { files: await signAll(definition, signer, missing, run) };
      } catch (error) {
        throw withoutThem(error);
      }
    },
  };
}

/** Writes the files beside those they are about, or none of them. */
export async function writeSidecars(definition: SignerDefinition, files: readonly NewFile[], run: SigningRun): Promise<string> {
  await writeAtomicAll(files, { signal: run.signal }).catch((error: unknown) => {
    throw withoutThem(error);
  });
  return `${definition.id}: wrote ${files.length} × FILE${SIDECAR}, an export for other tools`;
}

function withoutThem(error: unknown): unknown {
  if (!(error instanceof SignwrightError) || !['unreachable', 'configuration'].includes(error.code)) return error;
  const { code, message, where, next } = error;
  return new SignwrightError(code, `${message}; the signed part, which decides, is in the evidence store all the same`, {
    ...(where === undefined ? {} : { where }),
    next: `${next === undefined ? '' : `${next}; or `}give --no-sidecars, which leaves FILE${SIDECAR} out`,
    cause: error,
  });
}

/** Refuses, before anything is signed, a file signature by a key that would have to hold the whole file. */
export function refuseEd25519(planned: readonly PlannedArtifact[], open: OpenPolicy): void {
  for (const id of bySigner(planned).keys()) {
    const { keys, where } = definitionOf(open, id);
    const [key] = keysThatCount(keys, Date.now());
    if (!key || createPublicKey(key.rule.publicKey).asymmetricKeyType !== 'ed25519') continue;
    throw new SignwrightError('configuration', `signer ${id} has an Ed25519 key, which signs no files by their digest`, {
      where,
      next: 'give --no-sidecars; the release part, which decides, is signed all the same',
    });
  }
}

type Beside = { readonly artifact: PlannedArtifact; readonly file: ArtifactFile };

function bySigner(planned: readonly PlannedArtifact[]): Map<string, Beside[]> {
  const groups = new Map<string, Beside[]>();
  for (const artifact of planned) {
    const { file } = artifact;
    const [first] = [...artifact.signers].sort();
    if (!file || first === undefined) continue;
    const group = groups.get(first);
    if (group) group.push({ artifact, file });
    else groups.set(first, [{ artifact, file }]);
  }
  return groups;
}

/** By the one signer that the intent names, for as long as its certificate lives. */
async function signAll(
  definition: SignerDefinition,
  signer: Signer,
  missing: readonly Beside[],
  run: SigningRun,
): Promise<NewFile[]> {
  const signing: Signing = { signer, rule: definition.rule, timestamps: run.timestamps, trust: run.trust, clock: systemClock };
  return inParallel(missing, IN_FLIGHT, async ({ artifact, file }) => {
    checkNotStopped(run);
    const message = await wholeFile(artifact, file);
    const bytes = await signFile({ digest: artifact.digest, ...(message ? { message } : {}) }, signing);
    return { path: `${file.path}${SIDECAR}`, bytes };
  });
}

async function wholeFile({ digest, name }: PlannedArtifact, file: ArtifactFile): Promise<Buffer | undefined> {
  if (file.size > WHOLE) return undefined;
  const message = await readBounded(file.target ?? file.path, WHOLE, name);
  if (sha256(message) === digest) return message;
  throw new SignwrightError('invalid-input', `${name} changed after it was signed`, {
    where: file.path,
    next: 'sign again once nothing writes to it any more',
  });
}

/** What is there: this signer's signature over the file, by the trust root and keys of today; something else; or nothing. */
async function lookAt(
  { artifact, file }: Beside,
  rule: Signing['rule'],
  { trust }: SigningRun,
): Promise<'holds' | 'other' | 'nothing'> {
  try {
    const bytes = await readBounded(`${file.path}${SIDECAR}`, WHOLE, 'the signature beside the file');
    const message = await wholeFile(artifact, file);
    await checkFileSignature(bytes, { digest: artifact.digest, ...(message ? { message } : {}) }, { rule, trust });
    return 'holds';
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT' ? 'nothing' : 'other';
  }
}
