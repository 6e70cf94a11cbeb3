import type { openLogReader } from '@signwright/audit-log';
import { readBounded } from '@signwright/files';
import { safeJson } from '@signwright/report';
import { MAX_NOTE, SignwrightError } from '@signwright/signing-core';
import { proofTrustOf } from '../../context/find-records.ts';
import { auditDefinition, logKeysOf, openLogStore, openSegmentsOf } from '../../context/open-log.ts';
import { openPolicy } from '../../context/open-policy.ts';
import type { OpenStore } from '../../context/open-store.ts';
import { checkBegun } from '../../context/read-log.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type AuditVerifyOptions = {
  readonly policy: string;
  readonly anchor?: string;
  readonly since?: string[];
  readonly output: 'text' | 'json';
};

/**
 * `signwright audit verify`: makes the whole log again from its segments, and names whatever is not as it was written. What only
 * wants looking at, such as an intent without a result, is told and does not fail it.
 */
export async function auditVerify(options: AuditVerifyOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const audit = auditDefinition(open);
  const store = await openLogStore(open, audit);
  const { blobs } = store;
  const keys = logKeysOf(audit);
  const { verifyLog } = await import('@signwright/audit-log');
  await checkThere(store, keys, options.since);
  const { sound, checkpoint, segments, records, findings, more } = await verifyLog({
    blobs,
    keys,
    now: new Date(),
    open: openSegmentsOf(open, audit),
    witnesses: proofTrustOf(audit.rule).witnesses,
    earlier: await Promise.all(
      (options.since ?? []).map(async (file) => ({ place: file, bytes: await readBounded(file, MAX_NOTE, 'the checkpoint') })),
    ),
  });
  if (options.output === 'json') {
    const { size, root } = checkpoint ?? { size: 0, root: Buffer.alloc(0) };
    const log = { origin: keys[0].name, size, root: root.toString('base64'), segments };
    process.stdout.write(safeJson({ version: 1, sound, log, records, findings, more }));
  } else {
    printLines([
      ...findings.map(
        ({ severity, code, place, message }) => `${severity === 'damage' ? 'DAMAGED' : 'notice '} ${code}  ${place}: ${message}`,
      ),
      ...(more.damage + more.notice > 0 ? [`… and ${more.damage} more damaged, ${more.notice} more to notice`] : []),
      `${keys[0].name}: ${checkpoint?.size ?? 0} records in ${segments} segments: ${records.intents} intents, ${records.results} results, ${records.refusals} refusals, ${records.approvals} approvals, ${records.others} others`,
      ...(options.since === undefined
        ? [
            'held against nothing that was kept elsewhere: an older copy of all of it would look the same (--since FILE, such as last-seen.checkpoint of a witness)',
          ]
        : []),
      sound ? 'the log is as it was written' : 'the log is NOT as it was written',
    ]);
  }
  return sound ? EXIT.allow : EXIT.deny;
}

/** A head that does not hold is for the audit to tell; a log that is not there at all is not as it was written either. */
async function checkThere(
  store: OpenStore,
  keys: Parameters<typeof openLogReader>[0]['keys'],
  since: readonly string[] | undefined,
): Promise<void> {
  if (since !== undefined) return;
  const { openLogReader } = await import('@signwright/audit-log');
  const reader = await openLogReader({ blobs: store.blobs, keys }).catch((error: unknown) => {
    if (error instanceof SignwrightError && error.code === 'verification') return undefined;
    throw error;
  });
  if (reader) await checkBegun(reader, store);
}
