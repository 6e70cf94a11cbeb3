import { type RecordBase, readRecord, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { LogReader } from './log-entry.ts';

/** What a log says of a certificate's use. */
export type CertificateUse = {
  /** Signatures of which it has results. */
  readonly signatures: number;
  /** Intents without a result: a signature may exist. */
  readonly unaccounted: number;
  readonly last: {
    /** By the writer's own clock, ISO 8601. */
    readonly at: string;
    readonly request: Sha256;
    /** The repository, or else the build, as the certificate or else the run itself says. */
    readonly pipeline?: string;
    readonly job?: string;
  };
};

/** Records without it need not be understood: most logs have far more of them. */
const CERTIFICATE = Buffer.from('"certificate":{');

/**
 * Which certificates a log's records name as their signers', and how often and by whom each was used last. Reads the whole log, in
 * order, and needs no index.
 *
 * @throws SignwrightError `verification` where the log leaves a record out, `cancelled`.
 */
export async function certificateUse(reader: LogReader, signal?: AbortSignal): Promise<ReadonlyMap<Sha256, CertificateUse>> {
  const used = new Map<Sha256, { signatures: number; unaccounted: number; last: CertificateUse['last'] }>();
  const unanswered = new Map<Sha256, Sha256>();
  let expected = 0;
  for await (const { index, bytes } of reader.records(0, reader.size)) {
    if (signal?.aborted) throw new SignwrightError('cancelled', 'stopped while the log was read');
    if (index !== expected++) throw leftOut(expected - 1);
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(CERTIFICATE)) continue;
    const { id, record } = readRecord(bytes);
    if (record.event !== 'intent' && record.event !== 'result') continue;
    const digest = record.signer.certificate?.digest;
    if (digest === undefined) continue;
    const before = used.get(digest);
    const use = before ?? { signatures: 0, unaccounted: 0, last: lastOf(record) };
    if (before === undefined) used.set(digest, use);
    else if (record.time >= before.last.at) use.last = lastOf(record);
    if (record.event === 'intent') unanswered.set(id, digest);
    else {
      for (const intent of record.intents) unanswered.delete(intent);
      if (record.outcome === 'signed') use.signatures += 'files' in record ? record.files : 1;
    }
  }
  if (expected < reader.size) throw leftOut(expected);
  for (const digest of unanswered.values()) {
    const use = used.get(digest);
    if (use !== undefined) use.unaccounted++;
  }
  return used;
}

function lastOf({ time, request, requester, job }: RecordBase): CertificateUse['last'] {
  const { certified = {}, asserted } = requester;
  const pipeline = certified['repository'] ?? asserted['repository'] ?? certified['build'] ?? asserted['build'];
  return { at: time, request, ...(pipeline === undefined ? {} : { pipeline }), ...(job === undefined ? {} : { job }) };
}

function leftOut(index: number): SignwrightError {
  return new SignwrightError('verification', `the log does not give its record ${index}`, {
    next: 'check the log with "signwright audit verify"',
  });
}
