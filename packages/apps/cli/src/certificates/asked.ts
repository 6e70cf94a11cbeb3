import { readBounded } from '@signwright/files';
import {
  type AskedCertificate,
  type PersonRule,
  personOf,
  type Sha256,
  SignwrightError,
  sha256,
  type VerifiedStatement,
  verifyEvidence,
  whyNotTheirs,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { revocationJudge } from '../context/open-revocation.ts';

/** A signed request for a certificate that holds, and whose word it is. */
export type SignedRequest = {
  readonly file: string;
  readonly bytes: Buffer;
  readonly evidence: Sha256;
  readonly asked: AskedCertificate;
  readonly verified: VerifiedStatement;
  /** Whoever signed it: the one who is to have the certificate, or somebody else. */
  readonly by: PersonRule;
};

const MAX_FILE = 256 * 1024;

/**
 * Reads a signed request and verifies it: by a person of the policy, whose key counted when it was signed.
 *
 * @throws SignwrightError `verification` where it does not hold, `denied` where it is nobody's, or its time is known by a trial
 * authority alone and the policy allows that nowhere, or a certificate it rests on is revoked; `unreachable` where nobody knows.
 */
export async function readSignedRequest(open: OpenPolicy, file: string): Promise<SignedRequest> {
  const bytes = await readBounded(file, MAX_FILE, 'the request');
  const evidence = sha256(bytes);
  const verified = await verifyEvidence(evidence, bytes, evidenceTrust(open));
  if (!('said' in verified) || verified.said.type !== 'certificate-request') {
    const why = 'code' in verified ? verified.message : 'it says something else';
    throw new SignwrightError('verification', `this is no request for a certificate that holds: ${why}`, {
      where: file,
      next: 'make one: signwright cert request --profile PROFILE --out FILE',
    });
  }
  const by = personOf(verified.author, open.policy.people.values());
  const why =
    by === undefined ? 'whoever signed it is nobody of the policy' : whyNotTheirs(verified.author, verified.time, by)?.message;
  if (by === undefined || why !== undefined) {
    throw new SignwrightError('denied', `${by?.id ?? 'a stranger'} signed it, which does not count: ${why}`, {
      where: file,
      next: 'sign with a key that the policy names now',
    });
  }
  refuseDevelopment(open, verified, file);
  await refuseRevoked(open, verified, file);
  return { file, bytes, evidence, asked: verified.said.asked, verified, by };
}

function refuseDevelopment({ policy }: OpenPolicy, { development }: VerifiedStatement, where: string): void {
  if (!development) return;
  const environments = policy.layers.flatMap(({ content }) => Object.values(content.environments ?? {}));
  if (environments.some((one) => one['allow-development'] === true)) return;
  throw new SignwrightError('denied', 'it rests on a trial authority, and the policy allows development nowhere', {
    where,
    next: 'sign it with timestamps of a real authority',
  });
}

async function refuseRevoked(open: OpenPolicy, verified: VerifiedStatement, where: string): Promise<void> {
  const { revocation } = await (await revocationJudge(open))(verified);
  if (revocation === undefined) return;
  const revoked = revocation.status === 'revoked';
  throw new SignwrightError(revoked ? 'denied' : 'unreachable', `what was signed does not count: ${revocation.message}`, {
    where,
    next: revoked ? 'sign with another key or certificate' : 'see that whoever answers for the certificate can be reached',
  });
}
