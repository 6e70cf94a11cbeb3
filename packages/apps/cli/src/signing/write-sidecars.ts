import { readBounded, writeAtomicAll } from '@signwright/files';
import type { SignerDefinition } from '@signwright/policy';
import { checkFileSignature, type Signing, SignwrightError, sha256, signFile } from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import { type ArtifactFile, SIDECAR } from '../context/find-artifacts.ts';
import type { PlannedArtifact } from './plan-signing.ts';
import { definitionOf, type SigningRun } from './sign-parts.ts';

/** Files up to here are signed and checked whole, which Node does natively; larger ones by their digest. */
const WHOLE = 1024 * 1024;
/** A short-lived certificate serves this many files, and no more than this many are written at a time. */
const BATCH = 1000;
const IN_FLIGHT = 16;

/**
 * Writes FILE.sigstore.json beside each file: its signature by the first signer, as cosign and others read it. No decision reads it.
 * One that is there already and holds is kept.
 */
export async function writeSidecars(
  planned: readonly PlannedArtifact[],
  run: SigningRun,
  note: (line: string) => void,
): Promise<void> {
  for (const [id, artifacts] of bySigner(planned)) {
    const definition = definitionOf(run.open, id);
    const missing: Beside[] = [];
    for (const beside of artifacts) if (!(await holds(beside, definition.rule, run))) missing.push(beside);
    for (let at = 0; at < missing.length; at += BATCH) {
      if (run.signal.aborted) throw new SignwrightError('cancelled', 'stopped before every file had its signature beside it');
      await writeBatch(definition, missing.slice(at, at + BATCH), run);
    }
    if (missing.length > 0) note(`${id}: wrote ${missing.length} × FILE${SIDECAR}, an export for other tools`);
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

async function writeBatch(definition: SignerDefinition, batch: readonly Beside[], run: SigningRun): Promise<void> {
  const signer = await run.signers.renewed(definition);
  const signing: Signing = { signer, rule: definition.rule, timestamps: run.timestamps, trust: run.trust, clock: systemClock };
  const files: { path: string; bytes: Buffer }[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batch.length && !run.signal.aborted) {
      const { artifact, file } = batch[next++] as Beside;
      const message = await wholeFile(artifact, file);
      files.push({
        path: `${file.path}${SIDECAR}`,
        bytes: await signFile({ digest: artifact.digest, ...(message ? { message } : {}) }, signing),
      });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  await writeAtomicAll(files, { signal: run.signal });
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

/** Whether a bundle is there that is this signer's signature over the file, by the trust root and keys of today. */
async function holds({ artifact, file }: Beside, rule: Signing['rule'], { trust }: SigningRun): Promise<boolean> {
  try {
    const bytes = await readBounded(`${file.path}${SIDECAR}`, WHOLE, 'the signature beside the file');
    await checkFileSignature(bytes, { digest: artifact.digest }, { rule, trust });
    return true;
  } catch (error) {
    if (error instanceof SignwrightError) return false;
    throw error;
  }
}
