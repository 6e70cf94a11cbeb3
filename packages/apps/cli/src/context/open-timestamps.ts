import { resolve } from 'node:path';
import { SignwrightError, type TimestampAuthority, type TrustRoot, verifyTimestamp } from '@signwright/signing-core';
import { systemClock } from './clock.ts';
import type { OpenPolicy } from './open-policy.ts';

/** The timestamp authority the policy names. */
export async function openTimestamps(
  open: OpenPolicy,
  trustRoot: TrustRoot,
  note: (line: string) => void,
): Promise<TimestampAuthority> {
  const where = open.file;
  const named = open.policy.trust?.timestamp;
  if (!named) {
    throw new SignwrightError('policy', 'trust.timestamp is missing, and every signature is timestamped', {
      where,
      next: 'add trust: { timestamp: { urls: [https://…] } }',
    });
  }
  const { createTimestampClient, createTrialTimestampAuthority } = await import('@signwright/timestamp');
  if ('trial' in named) {
    const { openTrialDomain } = await import('@signwright/certificates');
    const domain = await openTrialDomain(resolve(open.directory, named.trial));
    return createTrialTimestampAuthority(await domain.timestampAuthority(), systemClock);
  }
  return createTimestampClient({
    urls: named.urls,
    verify: (response, signature, nonce) => verifyTimestamp(response, signature, trustRoot.timestampAuthorities, nonce),
    onFallback: (url, reason) => note(`timestamp authority ${url} failed (${reason}); trying the next`),
  });
}
