import type { CertificateUsage } from '@signwright/certificates';
import { messageOf, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { readLogOf } from '../context/read-log.ts';

/** What the audit log says of the use of certificates, or why nothing is known of it. */
export type Usage =
  | { readonly read: true; readonly byDigest: ReadonlyMap<Sha256, CertificateUsage> }
  | { readonly read: false; readonly why?: string };

/**
 * Reads the policy's log for how often certificates were used, and by whom last. A log that cannot be read hides nothing else.
 *
 * @param wanted `true` where it was asked for, `false` where it was declined; otherwise it is read where the policy names a log.
 * @throws SignwrightError `policy` where it was asked for and the policy names none; `cancelled`.
 */
export async function readUsage(open: OpenPolicy, wanted: boolean | undefined, signal: AbortSignal): Promise<Usage> {
  if (wanted === false) return { read: false };
  if (wanted === undefined && open.policy.audit === undefined) return { read: false, why: 'the policy names no audit log' };
  try {
    const log = await readLogOf(open);
    const { certificateUse } = await import('@signwright/audit-log');
    return { read: true, byDigest: await certificateUse(await log.reader(), signal) };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled' || error.code === 'policy') throw error;
    return { read: false, why: messageOf(error) };
  }
}
