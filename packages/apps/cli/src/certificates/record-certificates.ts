import {
  type AuditLog,
  type CertificateRecord,
  messageOf,
  type RecordBase,
  requestId,
  type SegmentSigning,
  type Sha256,
  SignwrightError,
  withoutEmail,
  writeRecord,
} from '@signwright/signing-core';
import { auditDefinition, checkLasting, logKeyHere, openLog, openLogStore } from '../context/open-log.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { runContext } from '../context/run-context.ts';
import { tolerant } from '../records/run-recorder.ts';

/** What became of a certificate, beside where and under which policy. */
export type ToRecord = Omit<CertificateRecord, keyof RecordBase | 'event'> & {
  /** The CI job that asked, by its URL. */
  readonly job?: string;
};

/** Keeps in the audit log what becomes of certificates. */
export type CertificateRecords = {
  /** Durable when it returns. What is about one request has one `subject`: the digest of what was asked. */
  write(subject: Sha256, records: readonly ToRecord[]): Promise<void>;
};

/** What records of certificates rest on. */
export type Recording = {
  readonly note: (line: string) => void;
  /** Who seals the records where the log's own key is not here. */
  readonly author: () => Promise<SegmentSigning>;
};

/**
 * The records of certificates, where the policy names a log. They are required where any tier's are; else a log that cannot be reached
 * is told, and the work goes on.
 */
export function recordCertificates(open: OpenPolicy, { note, author }: Recording): CertificateRecords {
  if (open.policy.audit === undefined) return { write: async () => undefined };
  const required = isRequired(open);
  let log: Promise<AuditLog & { publish(): Promise<void> }> | undefined;
  return {
    async write(subject, records) {
      if (records.length === 0) return;
      await tolerant(required, note, async () => {
        log ??= openForWriting(open, author, required);
        const opened = await log.catch((error: unknown) => {
          log = undefined;
          throw error;
        });
        const written = records.map((record) => writeRecord({ ...baseOf(open, subject), ...safe(record), event: 'certificate' }));
        await opened.append(written);
        await opened.publish();
      });
    },
  };
}

/** Whether any tier may not do without records. */
function isRequired({ policy }: OpenPolicy): boolean {
  return policy.layers.some(({ content }) => Object.values(content.tiers ?? {}).some(({ audit }) => audit === 'required'));
}

async function openForWriting(open: OpenPolicy, author: Recording['author'], required: boolean) {
  const audit = auditDefinition(open);
  if (required) checkLasting(open, audit);
  const store = await openLogStore(open, audit);
  const logKey = await logKeyHere(open, audit);
  const log = await openLog(open, audit, store, {
    ...(logKey ? { logKey } : {}),
    author: async () => (logKey ? { signer: logKey } : author()),
  });
  // Each publication on a branch would be one more push; whoever orders what is appended publishes it too.
  const publishes = logKey !== undefined && store.transactions === undefined;
  return { append: log.append, prove: log.prove, publish: async () => (publishes ? log.publish() : undefined) };
}

function baseOf({ policy: { name, digest } }: OpenPolicy, subject: Sha256): RecordBase {
  const { host, address } = runContext(undefined);
  const environment = 'default';
  return {
    request: requestId({ artifacts: [{ name: 'certificate', digest: subject }], environment }),
    time: new Date().toISOString(),
    requester: { asserted: {} },
    environment,
    policy: { ...(name === undefined ? {} : { name }), digest },
    host,
    ...(address === undefined ? {} : { address }),
  };
}

const LONGEST_REASON = 2000;

/** A log is never erased: no e-mail address gets into it, and no text that is too long. */
function safe({ subject, reason, ...record }: ToRecord): ToRecord {
  return {
    ...record,
    ...(subject === undefined || withoutEmail(subject) !== subject ? {} : { subject }),
    ...(reason === undefined ? {} : { reason: withoutEmail(reason).slice(0, LONGEST_REASON) }),
  };
}

/** What a record says of work that came to nothing. */
export function endOf(error: unknown): { readonly said: 'failed' | 'refused'; readonly reason: string } {
  const refused = error instanceof SignwrightError && ['denied', 'invalid-input'].includes(error.code);
  return { said: refused ? 'refused' : 'failed', reason: messageOf(error) };
}
