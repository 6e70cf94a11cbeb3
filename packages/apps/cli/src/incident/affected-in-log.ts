import type { Scanned } from '@signwright/audit-log';
import { messageOf, type ReadRecord, type Sha256, SignwrightError } from '@signwright/signing-core';
import { openSegmentsOf } from '../context/open-log.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { readLogOf } from '../context/read-log.ts';
import type { AffectedSignature } from './affected.ts';
import { kindOfStatement } from './kind-of-statement.ts';
import type { Scope } from './scope.ts';

/** What the log says: absent where there is none, or where it could not be read. */
export type FoundInLog = {
  readonly signatures?: readonly AffectedSignature[];
  readonly unread: readonly string[];
  readonly limits: readonly string[];
};

/** Finds the records of what the compromised signed, or was about to: those that wait for their order too. */
export async function affectedInLog(open: OpenPolicy, scope: Scope, signal: AbortSignal): Promise<FoundInLog> {
  if (open.policy.audit === undefined) return { unread: [], limits: [] };
  let unknown = 0;
  const isMeant = (record: ReadRecord['record']): boolean => {
    if (record.event === 'unknown') unknown++;
    return isSigning(record.event) && scope.isRecorded(record);
  };
  try {
    const { entries, unreadable } = await scan(open, isMeant, {
      ...(scope.since === undefined ? {} : { since: scope.since }),
      ...(scope.until === undefined ? {} : { until: scope.until }),
      signal,
    });
    const limits =
      unknown === 0
        ? []
        : [
            `the log has ${unknown} records that this version does not know (signwright audit list): they may be of something affected`,
          ];
    return { signatures: entries.flatMap(signatureOf), unread: unreadable, limits };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    return { unread: [`the log: ${messageOf(error)}`], limits: [] };
  }
}

/**
 * Which of these statements by people the log has a record of, and which: its records name a person's key or identity, and not every
 * compromise is told by that. Reads the log once more.
 *
 * @throws SignwrightError as the log does.
 */
export async function recordsOfStatements(
  open: OpenPolicy,
  statements: ReadonlySet<Sha256>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Sha256, Sha256>> {
  if (statements.size === 0 || open.policy.audit === undefined) return new Map();
  const { entries } = await scan(open, (record) => evidenceOf(record).some((one) => statements.has(one)), { signal });
  return new Map(entries.flatMap(({ id, record }) => evidenceOf(record).map((one) => [one, id])));
}

/** What somebody said, asked for or ordered, as the record of it names it. */
function evidenceOf(record: ReadRecord['record']): readonly Sha256[] {
  if (record.event === 'certificate') return record.evidence ?? [];
  return record.event === 'approval' || record.event === 'incident' ? [record.evidence] : [];
}

type Times = { readonly since?: number; readonly until?: number; readonly signal: AbortSignal };

async function scan(open: OpenPolicy, isMeant: (record: ReadRecord['record']) => boolean, times: Times): Promise<Scanned> {
  const { audit, store, reader } = await readLogOf(open);
  const { scanLog } = await import('@signwright/audit-log');
  return scanLog(isMeant, {
    reader: await reader(),
    blobs: store.blobs,
    open: openSegmentsOf(open, audit),
    ...times,
  });
}

/** Refusals signed nothing; what became of certificates and incidents is told by itself. */
function isSigning(event: string): boolean {
  return ['intent', 'result', 'approval'].includes(event);
}

function signatureOf({ id, record, outcome, result }: Scanned['entries'][number]): AffectedSignature[] {
  if (record.event === 'approval') {
    const { said, signed, person, environment, evidence, artifacts } = record;
    return [
      {
        kind: said,
        time: signed,
        by: person,
        environment,
        evidence,
        record: id,
        standing: 'recorded',
        artifacts: named(artifacts),
      },
    ];
  }
  if (record.event !== 'intent' && record.event !== 'result') return [];
  const ended = result?.record ?? (record.event === 'result' ? record : undefined);
  const signed = ended !== undefined && 'evidence' in ended ? ended : undefined;
  const standing = outcome === 'signed' ? 'recorded' : outcome === 'failed' ? 'failed' : 'no-result';
  const { signer, environment, time } = record;
  return [
    {
      kind: kindOfRecord(record),
      time: signed?.signed ?? time,
      by: signer.id,
      environment,
      ...(signed === undefined ? {} : { evidence: signed.evidence }),
      record: id,
      standing,
      artifacts: 'artifacts' in record ? named(record.artifacts) : [],
    },
  ];
}

function kindOfRecord(record: object): string {
  if ('statement' in record) return kindOfStatement((record.statement as { type: string }).type);
  return 'bytes' in record || !('attempt' in record) ? 'part' : 'files';
}

function named(artifacts: AffectedSignature['artifacts']): AffectedSignature['artifacts'] {
  return artifacts.map(({ name, digest }) => ({ name, digest }));
}
