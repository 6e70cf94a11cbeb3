import { parseBundle } from './bundle.ts';
import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { SignwrightError } from './error.ts';
import { quoted } from './formats/quoted.ts';
import { matchAuthor } from './match-author.ts';
import { Refused } from './refused.ts';
import { checkClock, type Signing, seal, signMessage } from './sign.ts';
import { parseStatement, type Statement } from './statement.ts';
import { type BundleTrust, type VerifiedBundle, verifyBundle } from './verify-bundle.ts';
import { checkAsserted, keyFinder } from './verify-evidence.ts';

/** A statement somebody signed. Whether they may say it is another question. */
export type SignedStatement = VerifiedBundle & { readonly statement: Statement };

/** What a signature over a statement must fit. */
export type StatementTrust = Pick<BundleTrust, 'root' | 'keyFor'>;

/**
 * Signs a statement that is no release part: signature → timestamp → bundle → verify, and only what verifies as the signer's is
 * returned.
 *
 * @param what it is, for messages: "the policy's signature".
 * @throws SignwrightError as {@link signPart} does.
 */
export async function signStatement(payload: Buffer, predicateType: string, what: string, signing: Signing): Promise<Buffer> {
  const { signer, rule, trust, clock } = signing;
  const signature = await signMessage(signer, preAuthEncoding(IN_TOTO, payload));
  const bytes = await seal({ type: 'envelope', envelope: { payloadType: IN_TOTO, payload, signature } }, signature, signing);
  const keyFor = keyFinder(trust.keys);
  const { author, times } = await verifyStatement(bytes, predicateType, what, {
    ...(trust.root ? { root: trust.root } : {}),
    keyFor,
  });
  const [time] = times;
  if (!time)
    throw new SignwrightError('configuration', 'the trust root does not take the timestamp of what was just signed', {
      next: 'nothing was written; add the timestamp authority: signwright trust add trusted-root.json --timestamp-authority tsa.pem',
    });
  const mismatch = matchAuthor({ author, time }, rule);
  if (mismatch)
    throw new SignwrightError('denied', `this run may not sign as ${rule.id}: ${mismatch.message}`, {
      next: `run it where the policy's workloads of signer ${rule.id} allow, or change them`,
    });
  checkClock(time.at, clock);
  return bytes;
}

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
