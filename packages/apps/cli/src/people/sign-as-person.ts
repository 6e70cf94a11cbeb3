import {
  IN_TOTO,
  type Sha256,
  SignwrightError,
  sha256,
  signEnvelope,
  type TimestampAuthority,
  type VerifiedStatement,
  verifyEvidence,
  whyNotTheirs,
  writeBundle,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { revocationJudge } from '../context/open-revocation.ts';
import type { PersonKey } from './person-key.ts';

/** A person's statement, signed, timestamped and verified. */
export type SignedAsPerson = {
  readonly bytes: Buffer;
  readonly evidence: Sha256;
  readonly signature: Sha256;
  readonly verified: VerifiedStatement;
};

/**
 * Signs a statement as a person: signature → timestamp → bundle → verify. One signature a file.
 *
 * @throws SignwrightError as the person's key and the timestamp authority do; `verification` where what was made does not hold.
 */
export async function signAsPerson(
  payload: Buffer,
  predicateType: string,
  { by, person }: PersonKey,
  { open, timestamps }: { readonly open: OpenPolicy; readonly timestamps: TimestampAuthority },
): Promise<SignedAsPerson> {
  const { signature, ...sealed } = await signEnvelope(IN_TOTO, payload, predicateType, by);
  const bytes = writeBundle({ ...sealed, timestamps: [Buffer.from(await timestamps.timestamp(signature))] });
  const evidence = sha256(bytes);
  const verified = await verifyEvidence(evidence, bytes, evidenceTrust(open));
  if (!('said' in verified)) {
    const why = 'code' in verified ? verified.message : 'it reads as a release part';
    throw new SignwrightError('verification', `what was just signed does not verify: ${why}`, {
      next: 'nothing was published',
    });
  }
  const mismatch = isRejection(verified)
    ? undefined
    : ((await whyRevoked(verified, open)) ?? whyNotTheirs(verified.author, verified.time, person));
  if (mismatch === undefined) return { bytes, evidence, signature: sha256(signature), verified };
  throw new SignwrightError('denied', `what ${person.id} just signed would not count: ${mismatch.message}`, {
    next: 'nothing was published; sign with the key that the policy names now, or a certificate that is good',
  });
}

/** Why the certificate it was signed with is no good any more. What nobody knows is left to whoever verifies. */
async function whyRevoked(verified: VerifiedStatement, open: OpenPolicy): Promise<{ readonly message: string } | undefined> {
  const { revocation } = await (await revocationJudge(open))(verified);
  return revocation?.status === 'revoked' ? revocation : undefined;
}

/** Who rejects is heard whatever became of the key. */
function isRejection({ said }: VerifiedStatement): boolean {
  return said.type === 'approval' && said.approval.decision === 'reject';
}
