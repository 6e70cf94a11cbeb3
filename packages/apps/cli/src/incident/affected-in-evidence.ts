import {
  type Bundle,
  type EvidenceTrust,
  IN_TOTO,
  isSha256,
  kindOf,
  messageOf,
  parseBundle,
  parseCertificate,
  parseStatement,
  Refused,
  readVerificationSummary,
  type Sha256,
  SignwrightError,
  type Statement,
  sanOf,
  VERIFICATION_SUMMARY,
  verifyEvidence,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { evidencePlace, type OpenEvidence, openKeptEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { AffectedSignature, AffectedVerdict, NamedDigest } from './affected.ts';
import { kindOfStatement } from './kind-of-statement.ts';
import type { Scope, SignedBy } from './scope.ts';

/** A verdict in the evidence, and what it rests on. */
export type FoundVerdict = Omit<AffectedVerdict, 'rests'> & { readonly inputs: readonly Sha256[] };

export type FoundInEvidence = {
  readonly signatures: readonly AffectedSignature[];
  /** All there are: which of them are affected shows when everything else is known. */
  readonly verdicts: readonly FoundVerdict[];
  /** What others signed. */
  readonly others: ReadonlySet<Sha256>;
  readonly unread: readonly string[];
  /** What this store does not let anybody find. */
  readonly limits: readonly string[];
};

/** Why one piece was not looked at is told so often, and then how many more there are. */
const TOLD = 20;

export type EvidenceSearch = {
  readonly evidence?: string;
  /** What the log has: where a store cannot be looked through, what it lists under these is all that can be found. */
  readonly recorded: readonly AffectedSignature[];
  readonly signal: AbortSignal;
};

/** Finds in the evidence what the compromised signed, whoever recorded it. */
export async function affectedInEvidence(open: OpenPolicy, scope: Scope, search: EvidenceSearch): Promise<FoundInEvidence> {
  const signatures: AffectedSignature[] = [];
  const verdicts: FoundVerdict[] = [];
  const others = new Set<Sha256>();
  const unread: string[] = [];
  const limits: string[] = [];
  try {
    const store = await openKeptEvidence(evidencePlace(open, search.evidence), open.policy.evidence?.lock);
    if (store.blobs === undefined)
      limits.push(`${store.place.reference} cannot be looked through: what is there and was never recorded is not found`);
    const trust = withoutEnds(evidenceTrust(open));
    for (const id of await idsIn(store, search.recorded)) {
      if (search.signal.aborted)
        throw new SignwrightError('cancelled', 'stopped while the evidence was read; nothing was changed');
      const bytes = await store.evidence.get(id).catch((error: unknown) => {
        if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
        unread.push(`the evidence ${id}: ${messageOf(error)}`);
        return undefined;
      });
      const piece = bytes === undefined ? undefined : readPiece(bytes);
      if (bytes === undefined || piece === undefined) continue;
      const verdict = verdictOf(id, piece.statement);
      if (verdict) verdicts.push(verdict);
      if (scope.signed(piece.by)) signatures.push(...(await signatureOf(id, bytes, piece, scope, trust)));
      else others.add(id);
    }
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    unread.push(`the evidence: ${messageOf(error)}`);
  }
  const more = unread.length > TOLD ? [`${unread.length - TOLD} more pieces of evidence could not be read`] : [];
  return { signatures, verdicts, others, unread: [...unread.slice(0, TOLD), ...more], limits };
}

/** All pieces of a store; where it cannot tell, those under the artifacts that are in the log. */
async function idsIn({ blobs, evidence }: OpenEvidence, recorded: readonly AffectedSignature[]): Promise<readonly Sha256[]> {
  if (blobs !== undefined) {
    const { surveyEvidence } = await import('@signwright/evidence');
    return (await surveyEvidence(blobs)).map(({ id }) => id);
  }
  const digests = [...new Set(recorded.flatMap(({ artifacts }) => artifacts.map(({ digest }) => digest)))];
  const listed = await evidence.list(digests);
  return [...new Set([...listed.values()].flat())].sort();
}

/** What was cut off already is looked at as before: running it again finds the same. */
function withoutEnds({ root, ...trust }: EvidenceTrust): EvidenceTrust {
  if (root === undefined) return { root, ...trust };
  const certificateAuthorities = root.certificateAuthorities.map(({ validUntil: _, ...authority }) => authority);
  return { root: { ...root, certificateAuthorities }, ...trust };
}

type Piece = { readonly by: SignedBy; readonly statement: Statement | undefined };

/** Who a bundle says signed it, and what; nothing for what is no bundle. */
function readPiece(bytes: Uint8Array): Piece | undefined {
  if (kindOf(bytes) !== 'bundle') return undefined;
  try {
    const { key, content } = parseBundle(bytes);
    const by = key.type === 'certificate' ? { leaf: parseCertificate(key.der) } : { hint: key.hint };
    return { by, statement: statementIn(content) };
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return undefined;
    throw error;
  }
}

function statementIn(content: Bundle['content']): Statement | undefined {
  if (content.type !== 'envelope' || content.envelope.payloadType !== IN_TOTO) return undefined;
  return parseStatement(content.envelope.payload);
}

/** What the certificate or the key says, where the statement names nobody. */
function nameOf(by: SignedBy): string {
  if ('hint' in by) return `key ${by.hint}`;
  try {
    return sanOf(by.leaf);
  } catch (error) {
    if (error instanceof Refused) return by.leaf.subjectText;
    throw error;
  }
}

async function signatureOf(
  id: Sha256,
  bytes: Uint8Array,
  { by, statement }: Piece,
  { since, until }: Scope,
  trust: EvidenceTrust,
): Promise<AffectedSignature[]> {
  const verified = await verifyEvidence(id, bytes, trust);
  const at = 'code' in verified ? undefined : verified.time.at;
  if (at !== undefined && (at < (since ?? Number.NEGATIVE_INFINITY) || at >= (until ?? Number.POSITIVE_INFINITY))) return [];
  const said = saidBy(statement);
  return [
    {
      kind: statement === undefined ? 'files' : kindOfStatement(statement.predicateType),
      ...(at === undefined ? {} : { time: new Date(at).toISOString() }),
      by: said.by ?? nameOf(by),
      ...(said.environment === undefined ? {} : { environment: said.environment }),
      evidence: id,
      standing: 'not-recorded',
      ...('code' in verified ? { doubt: verified.message } : {}),
      artifacts: subjectsOf(statement),
    },
  ];
}

/** Our own statements say in one of these fields who signs them, and what for. */
function saidBy(statement: Statement | undefined): { readonly by?: string; readonly environment?: string } {
  const { predicate } = statement ?? {};
  if (!statement?.predicateType.startsWith('https://signwright.dev/') || typeof predicate !== 'object' || predicate === null)
    return {};
  const text = (key: string): string | undefined => {
    const value = (predicate as Record<string, unknown>)[key];
    return typeof value === 'string' ? value : undefined;
  };
  const [by, environment] = [text('person') ?? text('signer'), text('environment')];
  return { ...(by === undefined ? {} : { by }), ...(environment === undefined ? {} : { environment }) };
}

function subjectsOf(statement: Statement | undefined): NamedDigest[] {
  return (statement?.subject ?? []).flatMap(({ name = '', sha256 }) => {
    const digest = `sha256:${sha256 ?? ''}`;
    return isSha256(digest) ? [{ name, digest }] : [];
  });
}

function verdictOf(evidence: Sha256, statement: Statement | undefined): FoundVerdict | undefined {
  if (statement?.predicateType !== VERIFICATION_SUMMARY) return undefined;
  try {
    const { result, environment, resource, timeVerified, inputs } = readVerificationSummary(statement);
    return { evidence, result, environment, resource, time: timeVerified, inputs };
  } catch (error) {
    // A summary of another program: it names nothing of ours.
    if (error instanceof SignwrightError && error.code === 'invalid-input') return undefined;
    throw error;
  }
}
