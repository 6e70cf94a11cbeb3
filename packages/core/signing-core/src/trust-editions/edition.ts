import { parseBundle } from '../bundle.ts';
import { IN_TOTO } from '../envelope.ts';
import { hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import { hasControlCharacter } from '../formats/glob.ts';
import { quoted } from '../formats/quoted.ts';
import { fieldReader } from '../formats/read-json.ts';
import { Refused } from '../refused.ts';
import type { Signing } from '../sign.ts';
import { prepareStatement, signStatement } from '../sign-statement.ts';
import { parseStatement, type Statement, writeStatement } from '../statement.ts';

/** The predicate type of a trust root's signature. */
export const TRUST_ROOT_STATEMENT = 'https://signwright.dev/trust-root/v1';

/** One edition of a trust root: which, until when, and what it is. All digests are over RFC 8785. */
export type TrustRootEdition = {
  readonly name: string;
  /** From 1; higher with each edition. */
  readonly version: number;
  /** Milliseconds since 1970 UTC. */
  readonly expires: number;
  readonly root: Sha256;
  /** Of the companion that says which OIDC issuers each CA may assert; `null` where there is none. */
  readonly issuers: Sha256 | null;
  readonly owners: Sha256;
};

export const SIGNATURE = "the trust root's signature";
const LONGEST_NAME = 200;

/**
 * Signs one edition of a trust root, as one of its owners.
 *
 * @throws SignwrightError `invalid-input` for a name or version that no reader would take, and as {@link signStatement} does.
 */
export async function signTrustRoot(edition: TrustRootEdition, signing: Signing): Promise<Buffer> {
  const { name, version, expires, root, issuers, owners } = edition;
  const payload = writeStatement({
    subject: [{ name, sha256: hexOf(root) }],
    predicateType: TRUST_ROOT_STATEMENT,
    predicate: { name, version, expires: new Date(expires).toISOString(), issuers, owners },
  });
  readEdition(parseStatement(payload));
  return (await signStatement(await prepareStatement(() => payload, signing))).bytes;
}

/**
 * The edition a signature says it signs: a claim until the signature is verified.
 *
 * @throws Refused or SignwrightError `invalid-input` where the bytes are no such signature.
 */
export function claimedEdition(bytes: Uint8Array): TrustRootEdition {
  const { content } = parseBundle(bytes, SIGNATURE);
  if (content.type !== 'envelope' || content.envelope.payloadType !== IN_TOTO)
    throw new Refused('wrong-predicate', `${SIGNATURE} signs no in-toto statement`);
  const statement = parseStatement(content.envelope.payload);
  if (statement.predicateType !== TRUST_ROOT_STATEMENT)
    throw new Refused('wrong-predicate', `${SIGNATURE} is a statement of type ${quoted(statement.predicateType)}`);
  return readEdition(statement);
}

/** Reads what a statement about a trust root says. @throws SignwrightError `invalid-input` that names the field. */
export function readEdition(statement: Statement): TrustRootEdition {
  const read = fieldReader(SIGNATURE);
  const fields = read.object(statement.predicate, 'predicate', ['name', 'version', 'expires', 'issuers', 'owners']);
  const digest = (key: string): Sha256 => {
    const text = read.text(fields[key], `predicate.${key}`);
    return isSha256(text) ? text : read.fail(`predicate.${key}`, 'is not a SHA-256 digest');
  };
  const name = read.text(fields['name'], 'predicate.name');
  if (name === '' || name.length > LONGEST_NAME || hasControlCharacter(name))
    read.fail('predicate.name', `must be 1 to ${LONGEST_NAME} characters on one line`);
  const { version } = fields;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    return read.fail('predicate.version', 'is not a whole number from 1');
  const [subject, ...others] = statement.subject;
  const root = `sha256:${subject?.sha256}`;
  if (others.length > 0 || subject?.name !== name || !isSha256(root))
    return read.fail('subject', 'is not the one trust root the predicate is about');
  const expires = read.instant(fields['expires'], 'predicate.expires');
  const issuers = fields['issuers'] === null ? null : digest('issuers');
  return { name, version, expires, root, issuers, owners: digest('owners') };
}

/** Which part of two editions differs; nothing where they are the same. */
export function differenceOf(one: TrustRootEdition, other: TrustRootEdition): keyof TrustRootEdition | undefined {
  return (['name', 'version', 'expires', 'root', 'issuers', 'owners'] as const).find((key) => one[key] !== other[key]);
}
