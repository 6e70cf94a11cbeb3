import type { EvidenceEntry } from '@signwright/evidence';
import { renderRows, safeJson } from '@signwright/report';
import { inParallel, type RetentionEnforcement, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { ArtifactInHand } from '../../context/artifacts-in-hand.ts';
import { evidencePlace, type OpenEvidence, openKeptEvidence } from '../../context/open-evidence.ts';
import { openPolicy } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';
import { type Described, describePiece, shortDigest } from './describe-piece.ts';
import { type AboutOptions, counted, evidenceInHand, fewOf } from './evidence-in-hand.ts';

export type EvidenceListOptions = AboutOptions & { readonly policyWide?: true; readonly output: 'text' | 'json' | 'csv' };

type Listed = Described & {
  readonly id: Sha256;
  readonly bytes?: number;
  /** What it is listed under: artifacts by their names, other subjects by their digests; or how many of them. */
  readonly about: readonly string[] | number;
  /** What the store remembers of it beside; GitLab's remembers nothing. */
  readonly entry?: EvidenceEntry;
  /** Why it cannot be read. */
  readonly problem?: string;
};

const PIECES_AT_ONCE = 4;

/** `signwright evidence list`: what the store holds about some artifacts, or all of it; nothing of it is verified. */
export async function evidenceList(paths: string[], options: EvidenceListOptions, run: Run): Promise<number> {
  if (options.policyWide) {
    if (paths.length > 0 || options.digest !== undefined) {
      throw new SignwrightError('usage', '--policy-wide lists all of the store, and artifacts are given too', {
        next: 'give one or the other',
      });
    }
    const open = await openPolicy(options, new Date());
    const store = await openKeptEvidence(evidencePlace(open, options.evidence), open.policy.evidence?.lock);
    print(store, await wholeStore(store), [], await store.enforcement(), options);
    return EXIT.allow;
  }
  const { open, place, artifacts, rules } = await evidenceInHand(paths, options, run, true);
  const store = await openKeptEvidence(place, open.policy.evidence?.lock);
  const { listed, without } = await listedAbout(store, artifacts, rules);
  print(store, listed, without, await store.enforcement(), options);
  return EXIT.allow;
}

async function wholeStore({ evidence, blobs, place }: OpenEvidence): Promise<Listed[]> {
  if (blobs === undefined) {
    throw new SignwrightError('configuration', `${place.reference} cannot be listed as a whole`, {
      next: 'name the artifacts whose evidence is to be listed',
    });
  }
  const { surveyEvidence } = await import('@signwright/evidence');
  const all = await inParallel(await surveyEvidence(blobs), PIECES_AT_ONCE, async (entry) => ({
    ...(await describe(entry.id, (id) => evidence.get(id))),
    about: entry.subjects,
    entry,
  }));
  // What a run that was stopped was about to put is neither listed nor there.
  return all.filter(({ problem, about }) => problem === undefined || about > 0);
}

async function listedAbout(
  { evidence, blobs }: OpenEvidence,
  artifacts: readonly ArtifactInHand[],
  rules: readonly Sha256[],
): Promise<{ listed: Listed[]; without: string[] }> {
  const { gatherEvidence, surveyEvidence } = await import('@signwright/evidence');
  const names = new Map<Sha256, string[]>();
  for (const { name, digest } of artifacts) names.set(digest, [...(names.get(digest) ?? []), name]);
  const gathered = await gatherEvidence(evidence, [...names.keys(), ...rules]);
  const entries = new Map((blobs === undefined ? [] : await surveyEvidence(blobs)).map((entry) => [entry.id, entry]));
  const listed = await inParallel(gathered, PIECES_AT_ONCE, async ({ id, subjects }) => {
    const entry = entries.get(id);
    const about = subjects.flatMap((subject) => names.get(subject) ?? [subject]);
    return { ...(await describe(id, (one) => evidence.get(one))), about, ...(entry === undefined ? {} : { entry }) };
  });
  const found = new Set(gathered.flatMap(({ subjects }) => subjects));
  return { listed, without: artifacts.filter(({ digest }) => !found.has(digest)).map(({ name }) => name) };
}

/** One piece that is not what it must be hides none of the others. */
async function describe(
  id: Sha256,
  get: (id: Sha256) => Promise<Uint8Array>,
): Promise<Described & { id: Sha256; bytes?: number; problem?: string }> {
  try {
    const bytes = await get(id);
    return { id, ...describePiece(bytes), bytes: bytes.length };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    return { id, kind: 'unknown', problem: error.message };
  }
}

function print(
  { place }: OpenEvidence,
  listed: readonly Listed[],
  without: readonly string[],
  retention: RetentionEnforcement,
  { output, quiet }: EvidenceListOptions,
): void {
  if (output === 'json') {
    const evidence = listed.map(jsonOf);
    process.stdout.write(safeJson({ version: 1, store: place.reference, retention, evidence, without }));
    return;
  }
  process.stdout.write(renderRows({ columns: COLUMNS, rows: listed.map((one) => rowOf(one, output)) }, output));
  const lines = [
    `${counted(listed.length, 'piece')} in ${place.reference}; who made them is what they say of themselves`,
    retentionLine(retention),
    ...listed.flatMap(({ problem }) => problem ?? []),
    ...(without.length === 0 ? [] : [`nothing is listed about ${fewOf(without)}`]),
  ];
  if (output === 'text') printLines(lines);
  else if (!quiet) for (const line of lines) printNote(line);
}

/** Whether the store itself keeps what is retained, as a sentence. */
export function retentionLine(retention: RetentionEnforcement): string {
  if (retention.enforced === false) return `retention is not enforced by the store: ${retention.why}`;
  const who = retention.enforced === 'compliance' ? 'nobody' : 'only who may bypass governance';
  return `retention is enforced by the store (${retention.enforced}): ${who} can delete a piece before its time`;
}

const COLUMNS = ['kind', 'evidence', 'bytes', 'kept until', 'held by', 'made by', 'about'];

function rowOf({ kind, id, bytes, by, about, entry }: Listed, output: 'text' | 'csv'): string[] {
  const brief = output === 'text';
  const subject = (one: string): string => (brief && one.startsWith('sha256:') ? shortDigest(one as Sha256) : one);
  return [
    kind,
    brief ? shortDigest(id) : id,
    bytes === undefined ? '' : String(bytes),
    entry?.retainUntil?.toISOString() ?? '',
    entry?.holds.join(' ') ?? '',
    by ?? '',
    typeof about === 'number' ? counted(about, 'subject') : brief ? fewOf(about.map(subject)) : about.join(' '),
  ];
}

function jsonOf({ about, entry, ...described }: Listed): object {
  return {
    ...described,
    ...(typeof about === 'number' ? { subjects: about } : { about }),
    ...(entry === undefined
      ? {}
      : {
          lastPut: entry.lastPut?.toISOString(),
          retainUntil: entry.retainUntil?.toISOString(),
          holds: entry.holds,
          beingRemoved: entry.beingRemoved,
        }),
  };
}
