import { join } from 'node:path';
import type { OpenLogReader } from '@signwright/audit-log';
import type { AuditDefinition } from '@signwright/policy';
import { hexOf, sha256 } from '@signwright/signing-core';
import { auditDefinition, logKeysOf, openLogStore } from './open-log.ts';
import { type OpenPolicy, openPolicy } from './open-policy.ts';
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

/** Opens the log a policy names; nothing is written to it. */
export async function readLog({ policy }: { readonly policy: string }): Promise<ReadableLog> {
  const open = await openPolicy({ policy }, new Date());
  const audit = auditDefinition(open);
  const keys = logKeysOf(audit);
  const store = await openLogStore(open, audit);
  const { openLogReader } = await import('@signwright/audit-log');
  const { blobs, place } = store;
  return {
    open,
    audit,
    origin: keys[0].name,
    store,
    indexFile: join(cacheDirectory(), 'indexes', `${hexOf(sha256(`${keys[0].name}\n${place.reference}`))}.sqlite`),
    reader: () => openLogReader({ blobs, keys }),
  };
}
