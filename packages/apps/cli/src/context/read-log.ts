import { join } from 'node:path';
import type { OpenLogReader } from '@signwright/audit-log';
import type { AuditDefinition } from '@signwright/policy';
import { hexOf, SignwrightError, sha256 } from '@signwright/signing-core';
import { auditDefinition, logKeysOf, openLogStore } from './open-log.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from './open-policy.ts';
import { cacheDirectory, type OpenStore } from './open-store.ts';

/** A policy's log, open for reading. */
export type ReadableLog = {
  readonly open: OpenPolicy;
  readonly audit: AuditDefinition;
  readonly origin: string;
  readonly store: OpenStore;
  /** Where a local index of it is kept, unless the user names another place. */
  readonly indexFile: string;
  /** The log as it is now. */
  reader(): Promise<OpenLogReader>;
};

/**
 * Refuses to speak of a log that is not there: one that was removed would look like one in which nothing ever happened.
 *
 * @throws SignwrightError `unreachable`.
 */
export async function checkBegun({ note, next }: OpenLogReader, { blobs, place }: OpenStore): Promise<void> {
  const { segmentKey } = await import('@signwright/audit-log');
  if (note !== undefined || next > 0 || (await blobs.get(segmentKey(0)))) return;
  throw new SignwrightError(
    'unreachable',
    `there is no log at ${place.reference}: nothing was ever written there, or it was removed`,
    {
      where: place.reference,
      next: 'check audit.log of the policy, and hold it against a checkpoint that was kept elsewhere (audit verify --since)',
    },
  );
}

/** Opens the log a policy names; nothing is written to it. */
export async function readLog(options: PolicyOptions): Promise<ReadableLog> {
  return readLogOf(await openPolicy(options, new Date()));
}

/** The same, of a policy that is open. */
export async function readLogOf(open: OpenPolicy): Promise<ReadableLog> {
  const audit = auditDefinition(open);
  const keys = logKeysOf(audit);
  const store = await openLogStore(open, audit);
  const { INDEX_FORMAT, openLogReader } = await import('@signwright/audit-log');
  const { blobs, place } = store;
  const index = `${hexOf(sha256(`${keys[0].name}\n${place.reference}`))}-${INDEX_FORMAT}.sqlite`;
  return {
    open,
    audit,
    origin: keys[0].name,
    store,
    indexFile: join(cacheDirectory(), 'indexes', index),
    reader: async () => {
      const reader = await openLogReader({ blobs, keys, now: new Date() });
      await checkBegun(reader, store);
      return reader;
    },
  };
}
