import type { Sha256 } from '../formats/digest.ts';

/** What the writer of a record is given: where the record is, before anybody has proved it. */
export type Receipt = {
  /** The log's name, as its checkpoints have it. */
  readonly origin: string;
  /** SHA-256 of the record's bytes. */
  readonly record: Sha256;
  /** The segment it was written in, and its place there, both from 0. */
  readonly segment: number;
  readonly place: number;
};

/** Keeps records in order, so that nobody can change, remove or reorder one without its being noticed. */
export interface AuditLog {
  /**
   * @param records canonical JSON, less than 64 KiB each; see `writeRecord`.
   * @returns a receipt for each, in order. They are durable, and will be in the log; whether they are yet, `prove` tells.
   * @throws SignwrightError `unreachable` where it is not known whether they are durable.
   */
  append(records: readonly Uint8Array[]): Promise<readonly Receipt[]>;
  /**
   * @returns a C2SP tlog-proof, with the record as its extra data, under a checkpoint with the witnesses' cosignatures that the
   * policy demands; `undefined` where there is none yet.
   */
  prove(receipt: Receipt): Promise<Uint8Array | undefined>;
}
