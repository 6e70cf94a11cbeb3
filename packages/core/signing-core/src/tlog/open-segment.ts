import { authorName } from '../author-name.ts';
import type { Bundle } from '../bundle.ts';
import { SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { quoted } from '../formats/quoted.ts';
import { keyIdOf } from '../keys.ts';
import { matchAuthor } from '../match-author.ts';
import { personOf, whyNotTheirs } from '../match-person.ts';
import { readRecord } from '../records/read-record.ts';
import { Refused } from '../refused.ts';
import type { Claims } from '../release-part.ts';
import type { PersonRule, SignerRule } from '../requirement.ts';
import type { TrustedTime } from '../timestamp/verify-timestamp.ts';
import type { RefusalCode } from '../verdict.ts';
import { type Author, verifyBundle } from '../verify-bundle.ts';
import { certifiedClaims, checkAsserted, type EvidenceTrust, keyFinder, sshKeyFinder } from '../verify-evidence.ts';
import { readSegment } from './segment.ts';
import type { VerifierKey } from './verifier-key.ts';

/** Whose segments are taken: the log's own, and those of the policy's signers and people. */
export type SegmentTrust = {
  readonly logKeys: readonly VerifierKey[];
  readonly trust: EvidenceTrust;
  readonly signers: readonly SignerRule[];
};

/**
 * A segment's records and who wrote it, or why it is not taken. `stranger`: because whoever signed it is none of the signers, not
 * because anything in it is wrong; it may have been one when it was written.
 */
export type OpenedSegment =
  | { readonly records: Buffer[]; readonly by: string }
  | { readonly refused: string; readonly stranger?: true };

/**
 * Verifies a segment: signed by a log key, or, with a trusted time, by a key or a workload of one of the signers, or by one of the
 * people. What its records say of a certificate must be what the certificate says; a person's certificate certifies no job, so
 * records that a person signs state no certified claims. Only the log itself may say that a segment was refused, and what somebody said is
 * told by them, or by the log.
 *
 * @returns the records, or why they are refused. Throws only what is no verdict on the segment.
 */
export async function openSegment(bytes: Uint8Array, trusted: SegmentTrust): Promise<OpenedSegment> {
  try {
    const { bundle, records, log: meant } = readSegment(bytes);
    const log = await logOf(bundle, trusted.logKeys);
    if (log) return { records, by: `the log ${log}` };
    const { by, certified, person } = await writerOf(bundle, trusted);
    if (!trusted.logKeys.some(({ name }) => name === meant))
      return { refused: `it was signed for ${meant === undefined ? 'no log by name' : `the log ${quoted(meant)}`}` };
    const refused = records.map((record) => whyNotBy(record, certified, person)).find((why) => why !== undefined);
    return refused === undefined ? { records, by } : { refused: `${by}: ${refused}` };
  } catch (error) {
    if (error instanceof Refused && STRANGERS.has(error.refusal)) return { refused: error.message, stranger: true };
    const verdict = error instanceof SignwrightError && (error.code === 'verification' || error.code === 'invalid-input');
    if (verdict) return { refused: error.message };
    throw error;
  }
}

/** What is found only once the signature holds: by a key that is listed no more, nobody can tell whether it does. */
const STRANGERS: ReadonlySet<RefusalCode> = new Set(['identity-mismatch', 'issuer-not-asserted']);

/** The name of the log whose key signed. A log key stands for itself: no time is asked of it. */
async function logOf(bundle: Bundle, logKeys: readonly VerifierKey[]): Promise<string | undefined> {
  const { key } = bundle;
  const own = key.type === 'public-key' ? logKeys.find(({ publicKey }) => keyIdOf(publicKey) === key.hint) : undefined;
  if (own) await verifyBundle({ ...bundle, timestamps: [], logEntries: 0 }, { keyFor: () => own.publicKey });
  return own?.name;
}

type SegmentWriter = { readonly by: string; readonly certified?: Claims; readonly person?: string };

async function writerOf(bundle: Bundle, { trust, signers }: SegmentTrust): Promise<SegmentWriter> {
  const { author, authority, times } = await verifyBundle(bundle, {
    ...(trust.root ? { root: trust.root } : {}),
    keyFor: keyFinder(trust.keys),
    sshKeyFor: sshKeyFinder(trust.people ?? []),
  });
  const [time] = times;
  if (!time) throw refusal('it carries no timestamp by an authority of the trust root, so its time is unknown');
  if (author.type === 'certificate') checkAsserted(author, authority);
  const person = personOf(author, trust.people ?? []);
  if (person) return byPerson(person, author, time);
  const mismatches = signers.map((rule) => matchAuthor({ author, time }, rule));
  const at = mismatches.indexOf(undefined);
  if (at < 0) {
    const reasons = mismatches.map((mismatch) => mismatch?.message).join('; ');
    throw new Refused('identity-mismatch', reasons || 'the policy names no signer');
  }
  const by = `signer ${signers[at]?.id} (${authorName(author)})`;
  return author.type === 'certificate' ? { by, certified: certifiedClaims(author) } : { by };
}

/** Somebody who approves writes the record of it. */
function byPerson(person: PersonRule, author: Author, time: TrustedTime): SegmentWriter {
  const mismatch = whyNotTheirs(author, time, person);
  if (mismatch) throw new Refused('identity-mismatch', `${person.id}: ${mismatch.message}`);
  return { by: `${person.id} (${authorName(author)})`, person: person.id };
}

function whyNotBy(bytes: Buffer, certified: Claims | undefined, person: string | undefined): string | undefined {
  const { id, record } = readRecord(bytes);
  if (record.event === 'unknown') return undefined;
  if (record.event === 'segment-refused') return `the record ${id} is one that only the log itself writes`;
  if (record.event === 'approval' && record.person !== person)
    return `the record ${id} tells what ${quoted(record.person)} said, which only they and the log itself write`;
  if (record.event === 'certificate' && record.said === 'revoke' && record.person !== person)
    return `the record ${id} tells what ${quoted(record.person ?? '')} ordered, which only they and the log itself write`;
  const said = record.requester.certified;
  if (said === undefined || (certified && canonicalJson(said) === canonicalJson(certified))) return undefined;
  return `the record ${id} states certified claims that ${certified ? "differ from its signer's certificate" : 'no certificate carries'}`;
}

function refusal(message: string): SignwrightError {
  return new SignwrightError('verification', message);
}
