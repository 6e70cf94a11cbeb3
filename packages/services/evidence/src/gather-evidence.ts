import {
  type EvidenceStore,
  IN_TOTO,
  inParallel,
  kindOf,
  parseBundle,
  parseSha256,
  parseStatement,
  RELEASE_MANIFEST,
  RELEASE_PART,
  readReleaseManifest,
  readReleasePart,
  releaseSubject,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';

/** A piece of evidence that was found, its size, and the subjects it is listed under, sorted. */
export type Gathered = { readonly id: Sha256; readonly bytes: number; readonly subjects: readonly Sha256[] };

/** Pieces at the most: more than any release has. */
export const MAX_PIECES = 100_000;
const PIECES_AT_ONCE = 2;

/**
 * Finds all evidence about these digests: what is listed under them, what is listed under a piece that was found (a part's record
 * proof, its receipt), and what is listed under the policy a part names (its snapshot). Each piece is read once, to see what it
 * refers to; one that cannot be understood refers to nothing, and is found all the same.
 *
 * @returns the pieces, sorted by id.
 * @throws SignwrightError `unreachable` where the store cannot tell, or a piece it lists is not there; `invalid-input` where there are
 * more than {@link MAX_PIECES}.
 */
export async function gatherEvidence(store: EvidenceStore, digests: readonly Sha256[]): Promise<readonly Gathered[]> {
  const found = new Map<Sha256, { bytes: number; subjects: Sha256[] }>();
  const asked = new Set<Sha256>();
  let subjects = [...new Set(digests.map(parseSha256))];
  while (subjects.length > 0) {
    for (const subject of subjects) asked.add(subject);
    const fresh: Sha256[] = [];
    for (const [subject, ids] of await store.list(subjects)) {
      for (const id of ids) {
        const known = found.get(id);
        if (known === undefined) {
          if (found.size >= MAX_PIECES) throw tooMany();
          found.set(id, { bytes: 0, subjects: [subject] });
          fresh.push(id);
        } else {
          known.subjects.push(subject);
        }
      }
    }
    const references = await inParallel(fresh, PIECES_AT_ONCE, async (id) => {
      const evidence = await store.get(id);
      const piece = found.get(id);
      if (piece !== undefined) piece.bytes = evidence.length;
      return [id, ...referencesOf(evidence)];
    });
    subjects = [...new Set(references.flat())].filter((subject) => !asked.has(subject));
  }
  const all = Array.from(found, ([id, piece]) => ({ id, bytes: piece.bytes, subjects: [...new Set(piece.subjects)].sort() }));
  return all.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What else a verdict on this piece rests on: the policy that it names; of a manifest the parts, which are listed under the release. */
function referencesOf(bytes: Uint8Array): readonly Sha256[] {
  if (kindOf(bytes) !== 'bundle') return [];
  try {
    const { content } = parseBundle(bytes);
    if (content.type !== 'envelope' || content.envelope.payloadType !== IN_TOTO) return [];
    const statement = parseStatement(content.envelope.payload);
    if (statement.predicateType === RELEASE_PART) return [readReleasePart(statement).policy.digest];
    if (statement.predicateType !== RELEASE_MANIFEST) return [];
    const { policy, release } = readReleaseManifest(statement);
    return [policy.digest, releaseSubject(release)];
  } catch (error) {
    if (error instanceof SignwrightError) return [];
    throw error;
  }
}

function tooMany(): SignwrightError {
  return new SignwrightError('invalid-input', `more than ${MAX_PIECES} pieces of evidence are listed for these artifacts`, {
    next: 'name fewer artifacts at once',
  });
}
