import {
  type ApprovalRecord,
  type Clock,
  type IntentRecord,
  type OpenedSegment,
  openSegment,
  type ResultRecord,
  type Sha256,
  type Signer,
  sealSegment,
  sha256,
  type VerifierKey,
  verifierKeyOf,
  writeRecord,
} from '@signwright/signing-core';
import { memorySigner, testKeys } from './test-keys.ts';

/** A log's key, a job's key whose segments the log takes, and what a log is opened with. */
export type TestAuditLog = {
  readonly origin: string;
  readonly signer: Signer;
  readonly keys: readonly VerifierKey[];
  readonly job: Signer;
  readonly clock: Clock;
  /** Opens segments by the log or the job; refuses all others. */
  readonly open: (bytes: Uint8Array) => Promise<OpenedSegment>;
  /** Seals segments by one of the two, or by somebody else. */
  readonly sealBy: (signer: Signer) => (records: readonly Uint8Array[]) => Promise<Uint8Array>;
};

/** A witness: its name, its private key and its verifier key. */
export type TestWitness = { readonly name: string; readonly signer: Signer; readonly key: VerifierKey };

/** @param origin the log's name; the same name has the same keys within a run. */
export function testAuditLog(origin = 'log.example/releases'): TestAuditLog {
  const keys = testKeys('ed25519', origin);
  const jobKeys = testKeys('p256', `job of ${origin}`);
  const key = verifierKeyOf(origin, keys.publicKey, 'log');
  const logKeys = [key, verifierKeyOf('job', jobKeys.publicKey, 'log')];
  return {
    origin,
    signer: memorySigner(keys),
    keys: [key],
    job: memorySigner(jobKeys),
    clock: { now: () => new Date('2026-11-22T12:00:00Z') },
    open: (bytes) => openSegment(bytes, { logKeys, trust: { root: undefined, keys: [] }, signers: [] }),
    sealBy: (signer) => (records) => sealSegment(records, { signer }),
  };
}

/** A witness by name; the same name has the same key within a run. */
export function testWitness(name: string): TestWitness {
  const keys = testKeys('ed25519', name);
  return { name, signer: memorySigner(keys), key: verifierKeyOf(name, keys.publicKey, 'witness') };
}

const BASE = {
  time: '2026-11-22T12:00:00.000Z',
  requester: { asserted: { subject: 'tester' } },
  environment: 'default',
  policy: { digest: sha256('policy') },
};
const SIGNER = { id: 'build', key: 'key' };

/** The bytes of an intent; different ones for different things. */
export function testIntent(what: string, changes: Partial<IntentRecord> = {}): Buffer {
  return writeRecord({
    ...BASE,
    event: 'intent',
    request: sha256(`request ${what}`),
    attempt: 1,
    signer: SIGNER,
    bytes: sha256(what),
    decision: { result: 'allow', reasons: [] },
    artifacts: [],
    ...changes,
  });
}

/** The bytes of a result that answers intents. */
export function testResult(what: string, intents: readonly Uint8Array[], changes: Partial<ResultRecord> = {}): Buffer {
  return writeRecord({
    ...BASE,
    event: 'result',
    request: sha256(`request ${what}`),
    intents: intents.map((intent): Sha256 => sha256(intent)),
    signer: SIGNER,
    outcome: 'signed',
    signature: sha256(`signature ${what}`),
    evidence: sha256(`evidence ${what}`),
    signed: '2026-11-22T12:00:01Z',
    ...changes,
  } as ResultRecord);
}

/** The bytes of the record of what ann said; different ones for different things. */
export function testApproval(what: string, changes: Partial<ApprovalRecord> = {}): Buffer {
  return writeRecord({
    ...BASE,
    event: 'approval',
    request: sha256(`request ${what}`),
    said: 'approve',
    person: 'ann',
    key: 'SHA256:uNiVztksCsDhcc0u9e8BrjJx4ZRzfbyLwVVvNWJbYqQ',
    signature: sha256(`signature ${what}`),
    evidence: sha256(`evidence ${what}`),
    signed: '2026-11-22T12:00:01Z',
    artifacts: [],
    ...changes,
  });
}
