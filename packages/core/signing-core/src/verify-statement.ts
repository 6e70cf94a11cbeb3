import { parseBundle } from './bundle.ts';
import { IN_TOTO } from './envelope.ts';
import { quoted } from './formats/quoted.ts';
import { Refused } from './refused.ts';
import { parseStatement, type Statement } from './statement.ts';
import { type BundleTrust, type VerifiedBundle, verifyBundle } from './verify-bundle.ts';
import { checkAsserted } from './verify-evidence.ts';

/** A statement somebody signed. Whether they may say it is another question. */
export type SignedStatement = VerifiedBundle & { readonly statement: Statement };

/** What a signature over a statement must fit. */
export type StatementTrust = Pick<BundleTrust, 'root' | 'keyFor'>;

/**
 * Verifies a bundle that signs a statement of one type: signature, signer, time; a certificate's issuer must be one its authority may
 * assert.
 *
 * @throws Refused with the check that failed; SignwrightError `invalid-input` where it is no bundle or no statement.
 */
export async function verifyStatement(
  bytes: Uint8Array,
  predicateType: string,
  what: string,
  trust: StatementTrust,
): Promise<SignedStatement> {
  const bundle = parseBundle(bytes, what);
  if (bundle.content.type !== 'envelope' || bundle.content.envelope.payloadType !== IN_TOTO)
    throw new Refused('wrong-predicate', `${what} signs no in-toto statement`);
  const verified = await verifyBundle(bundle, trust);
  if (verified.author.type === 'certificate') checkAsserted(verified.author, verified.authority);
  const statement = parseStatement(bundle.content.envelope.payload);
  if (statement.predicateType !== predicateType)
    throw new Refused('wrong-predicate', `${what} is a statement of type ${quoted(statement.predicateType)}`);
  return { ...verified, statement };
}
