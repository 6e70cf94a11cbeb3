import { hexOf, isSha256, type Sha256 } from './formats/digest.ts';
import { quoted } from './formats/quoted.ts';
import { fieldReader } from './formats/read-json.ts';
import { checkWho, trustFor, type Who } from './match-who.ts';
import { Refused } from './refused.ts';
import type { Signing } from './sign.ts';
import { prepareStatement, signStatement } from './sign-statement.ts';
import { type Statement, writeStatement } from './statement.ts';
import type { TrustRoot } from './trust-root.ts';
import { verifyStatement } from './verify-statement.ts';

/** The predicate type of a policy's signature. */
export const POLICY_STATEMENT = 'https://signwright.dev/policy/v1';

/** One edition of a policy: which, and what it is. */
export type PolicyEdition = {
  readonly name: string;
  readonly serial: number;
  /** The policy digest: over what it means, the files it refers to included. */
  readonly digest: Sha256;
};

/** What a policy's signature proves beside who signed. */
export type VerifiedPolicySignature = {
  /** When, milliseconds since 1970 UTC; unknown for a key whose signature no authority we trust has timestamped. */
  readonly at?: number;
  /** Whether it rests on a trial root. */
  readonly development: boolean;
};

const WHAT = "the policy's signature";

/** Signs one edition of a policy; the bundle goes beside its file. @throws SignwrightError as {@link signStatement} does. */
export async function signPolicy(edition: PolicyEdition, signing: Signing): Promise<Buffer> {
  const { name, serial, digest } = edition;
  const payload = writeStatement({
    subject: [{ name, sha256: hexOf(digest) }],
    predicateType: POLICY_STATEMENT,
    predicate: { name, serial, digest },
  });
  return (await signStatement(await prepareStatement(() => payload, signing))).bytes;
}

/**
 * Verifies that somebody signed exactly this edition of a policy.
 *
 * @param who must have signed. @param root what certificates and timestamps are traced to; it must not be the policy's own word.
 * @throws Refused with the check that failed; SignwrightError `invalid-input` where the bytes are no such signature.
 */
export async function verifyPolicySignature(
  bytes: Uint8Array,
  edition: PolicyEdition,
  who: Who,
  root: TrustRoot | undefined,
): Promise<VerifiedPolicySignature> {
  const { author, times, statement, development } = await verifyStatement(bytes, POLICY_STATEMENT, WHAT, trustFor(who, root));
  checkWho(author, who);
  checkEdition(readEdition(statement), edition);
  const [time] = times;
  return { ...(time === undefined ? {} : { at: time.at }), development };
}

function readEdition(statement: Statement): PolicyEdition {
  const read = fieldReader(WHAT);
  const fields = read.object(statement.predicate, 'predicate', ['name', 'serial', 'digest']);
  const name = read.text(fields['name'], 'predicate.name');
  const { serial } = fields;
  const digest = read.text(fields['digest'], 'predicate.digest');
  if (!isSha256(digest)) return read.fail('predicate.digest', 'is not a SHA-256 digest');
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial) || serial < 0)
    return read.fail('predicate.serial', 'is not a whole number from 0');
  const [subject, ...others] = statement.subject;
  if (others.length > 0 || subject?.name !== name || subject.sha256 !== hexOf(digest))
    return read.fail('subject', 'is not the one policy the predicate is about');
  return { name, serial, digest };
}

function checkEdition(signed: PolicyEdition, wanted: PolicyEdition): void {
  const differs = (['name', 'serial', 'digest'] as const).find((key) => signed[key] !== wanted[key]);
  if (differs === undefined) return;
  throw new Refused(
    'wrong-subject',
    `it signs another policy: its ${differs} is ${quoted(String(signed[differs]))}, and the policy's is ${wanted[differs]}`,
  );
}
