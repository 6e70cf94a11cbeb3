import type { AuditDefinition } from '@signwright/policy';
import {
  type Claims,
  type ErrorCode,
  messageOf,
  type RefusalRecord,
  type Signer,
  SignwrightError,
  withoutEmail,
} from '@signwright/signing-core';
import { auditDefinition, checkLasting, logKeyHere, openLog, openLogStore } from '../context/open-log.ts';
import { runContext } from '../context/run-context.ts';
import type { SigningRun, Work } from '../signing/work.ts';
import { isRequired, type Recording, tolerant } from './run-recorder.ts';
import { type RecordedRelease, writeRefusal } from './write-records.ts';

/** Opens the log when a run needs it. */
export type RunRecording = {
  /** The log for works of which any asks for records; nothing where none does. */
  open(works: readonly Work[]): Promise<Recording | undefined>;
  /**
   * Does what comes before anything is to be signed. Where the policy refuses it, or no signer can be used, that is recorded of these
   * artifacts and thrown; where it cannot be recorded, that is told.
   */
  ending<T>(artifacts: RefusalRecord['artifacts'], work: () => Promise<T>): Promise<T>;
};

/** What ends a request: the policy's no, and signers that cannot be reached or used. */
const ENDINGS: ReadonlySet<ErrorCode> = new Set(['denied', 'unreachable', 'configuration', 'verification']);

/** The records of one run of `sign`, by the policy's log. */
export function openRecording(
  signing: SigningRun,
  asserted: Claims,
  environment: string,
  note: (line: string) => void,
  release?: RecordedRelease,
): RunRecording {
  const { open } = signing;
  const recordingBy = async (
    audit: AuditDefinition,
    author: () => Promise<Signer>,
    certified: Claims | undefined,
  ): Promise<Recording> => {
    const logKey = await logKeyHere(open, audit);
    const store = await openLogStore(open, audit);
    const writer = logKey
      ? { logKey, author: async () => ({ signer: logKey }) }
      : { author: async () => ({ signer: await author(), timestamps: signing.timestamps }) };
    const run = {
      policy: open.policy,
      environment,
      context: runContext(signing.job),
      asserted,
      ...(release === undefined ? {} : { release }),
      ...(certified === undefined || hasEmail(certified) ? {} : { certified }),
      now: () => new Date(),
    };
    const log = await openLog(open, audit, store, writer);
    // Each publication on a branch would be one more push; whoever orders what is appended publishes it too.
    const publishes = logKey !== undefined && store.transactions === undefined;
    return { log: { ...log, publish: async () => (publishes ? log.publish() : undefined) }, run, note };
  };

  return {
    async open(works) {
      const audited = works.filter(({ artifacts }) => artifacts.some(({ audit }) => audit !== undefined));
      const by = audited.find(({ certified }) => certified !== undefined) ?? audited[0];
      if (by === undefined) return undefined;
      const audit = auditDefinition(open);
      const required = isRequired(audited);
      if (required) checkLasting(open, audit);
      return tolerant(required, note, () => recordingBy(audit, () => signing.signers.of(by.definition), by.certified));
    },

    async ending(artifacts, work) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof SignwrightError && ENDINGS.has(error.code)) await recordEnd(artifacts, error);
        throw error;
      }
    },
  };

  async function recordEnd(artifacts: RefusalRecord['artifacts'], error: SignwrightError): Promise<void> {
    if (open.policy.audit === undefined) return;
    try {
      const { log, run } = await recordingBy(auditDefinition(open), () => anySigner(signing), undefined);
      await writeRefusal(log, artifacts, error, run);
      await log.publish();
    } catch (failure) {
      if (!(failure instanceof SignwrightError)) throw failure;
      note(`what follows could not be recorded: ${messageOf(failure)}`);
    }
  }
}

/** A signer this machine has, to vouch for the record of a refusal. */
export async function anySigner({ open, signers }: Pick<SigningRun, 'open' | 'signers'>): Promise<Signer> {
  let failure: SignwrightError | undefined;
  for (const definition of open.policy.signers.values()) {
    try {
      return await signers.of(definition);
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      failure = error;
    }
  }
  throw failure ?? new SignwrightError('configuration', 'this machine has no signer that could vouch for a record');
}

/** What can never be erased has no e-mail addresses in it; such claims stay in the evidence alone. */
function hasEmail(certified: Claims): boolean {
  return Object.values(certified).some((value) => withoutEmail(value) !== value);
}
