import { type NegativeFacts, type Sha256, SignwrightError } from '@signwright/signing-core';
import { proofTrustOf } from './find-records.ts';
import { logKeysOf, openSegmentsOf } from './open-log.ts';
import type { OpenPolicy } from './open-policy.ts';
import { readLogOf } from './read-log.ts';

/** What the log says against artifacts, and the waivers that broke the glass and that nobody reviewed. */
export type KnownAgainst = { readonly negative: NegativeFacts; readonly unreviewed: readonly Sha256[] };

/**
 * Asks the policy's log what was rejected and withdrawn, and whether the glass was broken in this environment. Where that cannot be
 * known, for the log cannot be reached, does not hold or is too old, `unavailable` says why: then nobody knows that nobody objected.
 *
 * @throws SignwrightError `policy` where the policy names no log.
 */
export async function negativeFacts(
  open: OpenPolicy,
  digests: readonly Sha256[],
  environment: string,
  now: Date,
): Promise<KnownAgainst> {
  try {
    const { audit, store, indexFile, reader } = await readLogOf(open);
    const { negativeFacts: ask } = await import('@signwright/audit-log');
    const { witnesses, count } = proofTrustOf(audit.rule);
    const { named, unreviewed } = await ask(
      { digests, environment },
      {
        blobs: store.blobs,
        keys: logKeysOf(audit),
        witnesses,
        count,
        open: openSegmentsOf(open, audit, new Date()),
        reader,
        indexFile,
        now,
        ...(audit.maxAge === undefined ? {} : { maxAge: audit.maxAge }),
      },
    );
    return { negative: { named }, unreviewed };
  } catch (error) {
    if (!(error instanceof SignwrightError) || !UNKNOWN.has(error.code)) throw error;
    const unavailable = error.next === undefined ? error.message : `${error.message} (${error.next})`;
    return { negative: { named: new Map(), unavailable }, unreviewed: [] };
  }
}

const UNKNOWN: ReadonlySet<string> = new Set(['unreachable', 'configuration', 'verification']);
