import type { Policy } from '@signwright/policy';
import {
  type AuditLog,
  type Claims,
  type IntentRecord,
  messageOf,
  type Receipt,
  type RecordBase,
  type RecordedArtifact,
  type RecordedSigner,
  type RecordedStatement,
  type RefusalRecord,
  type RequestContent,
  requestId,
  type Sha256,
  SignwrightError,
  sha256,
  type Unreached,
  withoutEmail,
  writeRecord,
  writeSliced,
} from '@signwright/signing-core';
import type { RunContext } from '../context/run-context.ts';

/** The log as runs of `sign` write it. */
export type RunLog = AuditLog & {
  /** How often this was attempted before, and the first record of the newest attempt. */
  attempts(request: Sha256): Promise<{ readonly count: number; readonly last?: Sha256 }>;
  /** Waits until what was appended here is found by whoever comes next. */
  settled(): Promise<void>;
  /** Lets outsiders see the log as it is now. */
  publish(): Promise<void>;
};

/** One thing a run is about to sign. */
export type Intended = {
  readonly signer: RecordedSigner;
  /** What of the signer could not be reached before. */
  readonly unreached: readonly Unreached[];
  /** SHA-256 of the exact bytes to sign; absent where each artifact's own bytes are signed. */
  readonly bytes?: Sha256;
  readonly statement?: RecordedStatement;
  readonly artifacts: readonly RecordedArtifact[];
  readonly reasons: readonly string[];
};

/** What came of one of them. */
export type Outcome =
  | { readonly outcome: 'signed'; readonly signature: Sha256; readonly evidence: Sha256; readonly signed: string }
  | { readonly outcome: 'signed'; readonly files: number }
  | { readonly outcome: 'failed'; readonly error: { readonly code: string; readonly message: string } };

/** A release as `name@version`, and whether the run closes it. */
export type RecordedRelease = { readonly text: string; readonly closes: boolean };

/** What a record says of the run. */
export type RecordedRun = {
  readonly policy: Pick<Policy, 'name' | 'digest'>;
  readonly environment: string;
  readonly context: RunContext;
  readonly asserted: Claims;
  readonly certified?: Claims;
  /** The release it contributes to, or closes. */
  readonly release?: RecordedRelease;
  readonly now: () => Date;
};

/** Intents that are durable, each with the slices it took. */
export type WrittenIntent = { readonly base: RecordBase; readonly signer: RecordedSigner; readonly ids: readonly Sha256[] };

/** Records that these things are about to be signed: when it returns, the intents are durable. */
export async function writeIntents(log: RunLog, intended: readonly Intended[], run: RecordedRun): Promise<WrittenIntent[]> {
  const slices = await Promise.all(intended.map((one) => slicesOf(log, one, run)));
  if (slices.length > 0) await log.append(slices.flatMap(({ records }) => records));
  return slices.map(({ base, signer, records }) => ({ base, signer, ids: records.map((record) => sha256(record)) }));
}

async function slicesOf(
  log: RunLog,
  { artifacts, signer, unreached, bytes, statement, reasons }: Intended,
  run: RecordedRun,
): Promise<{ base: RecordBase; signer: RecordedSigner; records: Buffer[] }> {
  const base = baseOf(artifacts, run);
  const { count, last } = await log.attempts(base.request);
  const record: IntentRecord = {
    ...base,
    event: 'intent',
    attempt: count + 1,
    ...(last === undefined ? {} : { previous: last }),
    signer,
    ...(unreached.length === 0
      ? {}
      : { unreached: unreached.map(({ reference, reason }) => ({ reference, reason: shortened(reason) })) }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(statement === undefined ? {} : { statement }),
    decision: { result: 'allow', reasons },
    artifacts,
  };
  return { base, signer, records: writeSliced(record) };
}

/** Records what came of each intent, in order. @returns a receipt for each. */
export async function writeResults(
  log: RunLog,
  intents: readonly WrittenIntent[],
  outcomes: readonly Outcome[],
  now: () => Date,
): Promise<readonly Receipt[]> {
  if (intents.length === 0) return [];
  const records = intents.map(({ base, signer, ids }, at) =>
    writeRecord({ ...base, time: now().toISOString(), event: 'result', intents: ids, signer, ...(outcomes[at] as Outcome) }),
  );
  return log.append(records);
}

/** Records that a request was refused, or failed, before anything was to be signed. */
export async function writeRefusal(
  log: RunLog,
  artifacts: RefusalRecord['artifacts'],
  error: SignwrightError,
  run: RecordedRun,
): Promise<void> {
  const [outcome, result] = error.code === 'denied' ? (['refused', 'deny'] as const) : (['failed', 'inconclusive'] as const);
  const decision = { result, reasons: reasonsOf(error) };
  await log.append(writeSliced({ ...baseOf(artifacts, run), event: 'refusal', outcome, decision, artifacts }));
}

/** What went wrong, as a record says it. */
export function failureOf(error: unknown): Outcome {
  const code = error instanceof SignwrightError ? error.code : 'defect';
  return { outcome: 'failed', error: { code, message: shortened(messageOf(error)) } };
}

const LONGEST_REASON = 2000;
const MOST_REASONS = 20;

function reasonsOf(error: unknown): string[] {
  return messageOf(error)
    .split('\n')
    .slice(0, MOST_REASONS)
    .map((line) => shortened(line.trim()));
}

function shortened(text: string): string {
  const safe = withoutEmail(text.slice(0, 2 * LONGEST_REASON));
  return safe.length > LONGEST_REASON ? `${safe.slice(0, LONGEST_REASON)}…` : safe;
}

function baseOf(artifacts: RequestContent['artifacts'], run: RecordedRun): RecordBase {
  const { host, address, job } = run.context;
  const { commit, requester } = run.asserted;
  const request = {
    artifacts,
    environment: run.environment,
    ...(commit === undefined ? {} : { commit }),
    ...(requester === undefined ? {} : { requester }),
    ...(run.release?.closes ? { closes: run.release.text } : {}),
  };
  return {
    request: requestId(request),
    time: run.now().toISOString(),
    requester: { ...(run.certified === undefined ? {} : { certified: run.certified }), asserted: run.asserted },
    environment: run.environment,
    policy: { ...(run.policy.name === undefined ? {} : { name: run.policy.name }), digest: run.policy.digest },
    ...(run.release === undefined ? {} : { release: run.release.text }),
    host,
    ...(address === undefined ? {} : { address }),
    ...(job === undefined ? {} : { job }),
  };
}
