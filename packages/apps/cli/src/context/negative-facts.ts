import type { NegativeFacts, Sha256 } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';
export async function negativeFacts(
  _open: OpenPolicy,
  _digests: readonly Sha256[],
  _environment: string,
  _now: Date,
): Promise<{ readonly negative: NegativeFacts; readonly unreviewed: readonly Sha256[] }> {
  return { negative: { named: new Map(), unavailable: 'this version does not read them from the log' }, unreviewed: [] };
}
