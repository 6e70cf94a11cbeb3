import { messageOf, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { readLogOf } from '../context/read-log.ts';
import type { OpenRequest } from './open-request.ts';

/** What was approved last of artifacts by these names, as the log has it. */
export type LastApproved = {
  /** How bytes differ from those that were approved last under this name; nothing where that is not known. */
  compare(name: string, digest: Sha256): string | undefined;
  /** What is told once. */
  readonly lines: readonly string[];
};

const MOST_READ = 200;

/**
 * Finds what was approved last by the names in a request, in its environment. It only informs: where there is no log, or it cannot be
 * read, that is said.
 */
export async function findLastApproved(
  { request, artifacts }: OpenRequest,
  open: OpenPolicy,
  signal: AbortSignal,
): Promise<LastApproved> {
  const unknown = (why: string): LastApproved => ({
    compare: () => undefined,
    lines: [`  what was approved last is not known: ${why}`],
  });
  if (open.policy.audit === undefined) return unknown('the policy keeps no log');
  const approved = new Map<string, { digest: Sha256; at: string }>();
  try {
    const log = await readLogOf(open);
    const { closeIndex, openIndex, search } = await import('@signwright/audit-log');
    const reader = await log.reader();
    const index = await openIndex({ file: log.indexFile, origin: log.origin, reader, reopen: () => log.reader(), signal });
    try {
      for (const { name } of artifacts.slice(0, MOST_READ)) {
        const query = { artifact: name, event: 'approval', environment: request.environment };
        const { entries } = await search(index, query, { limit: MOST_READ, signal });
        for (const { record } of entries) {
          if (record.event !== 'approval' || record.said !== 'approve') continue;
          const digest = record.artifacts.find((one) => one.name === name)?.digest;
          if (digest !== undefined && record.signed > (approved.get(name)?.at ?? ''))
            approved.set(name, { digest, at: record.signed });
        }
      }
    } finally {
      closeIndex(index);
    }
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return unknown(messageOf(error));
  }
  return {
    lines: [],
    compare: (name, digest) => {
      const last = approved.get(name);
      if (last === undefined) return 'nothing by this name was approved here before';
      return last.digest === digest
        ? `the same bytes were approved ${last.at}`
        : `changed since ${last.at}: ${last.digest} was approved then`;
    },
  };
}
