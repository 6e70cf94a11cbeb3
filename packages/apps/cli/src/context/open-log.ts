import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AuditLog as OpenAuditLog } from '@signwright/audit-log';
import type { AuditDefinition } from '@signwright/policy';
import {
  type Checkpoint,
  type AuditLog as Log,
  type LogKey,
  logKeyCounts,
  type OpenedSegment,
  openSegment,
  type SegmentSigning,
  type Signer,
  SignwrightError,
  sealSegment,
} from '@signwright/signing-core';
import { isCi } from './ci-job.ts';
import { systemClock } from './clock.ts';
import { evidenceTrust } from './evidence-trust.ts';
import { proofTrustOf } from './find-records.ts';
import type { OpenPolicy } from './open-policy.ts';
import { type OpenStore, openStore, type StorePlace, storePlace } from './open-store.ts';

/** The log the policy names. @throws SignwrightError `policy` where it names none, or nobody could check it. */
export function auditDefinition({ policy, file }: OpenPolicy): AuditDefinition {
  const { audit } = policy;
  if (audit === undefined) {
    throw new SignwrightError('policy', 'the policy names no audit log', {
      where: file,
      next: 'add audit: { log: …, verifier-keys: […] }; "signwright audit init" makes a key and says what to write',
    });
  }
  if (audit.rule.keys.length === 0) {
    throw new SignwrightError('policy', 'the policy names no key to check the log by', {
      where: audit.where,
      next: 'put its verifier key under audit.verifier-keys ("signwright audit key" prints it)',
    });
  }
  return audit;
}

/** Where the log lies. */
function logPlace(open: OpenPolicy, audit: AuditDefinition): StorePlace {
  return storePlace(audit.log, open, 'audit.log');
}

/**
 * Refuses a log that a required record would vanish with: a directory of a CI job's machine.
 *
 * @throws SignwrightError `configuration` that says what to do.
 */
export function checkLasting(open: OpenPolicy, audit: AuditDefinition): void {
  const { kind, reference } = logPlace(open, audit);
  if (kind !== 'directory' || audit.persistent || !isCi()) return;
  throw new SignwrightError('configuration', `the log ${reference} is a directory, and a CI job's machine may be thrown away`, {
    where: audit.where,
    next: 'keep the log in a bucket (s3://…) or on a branch (git+https://…#branch), or say audit.persistent: true where the directory lasts',
  });
}

/** Opens the store of the log, under the lock the policy wants. */
export function openLogStore(open: OpenPolicy, audit: AuditDefinition): Promise<OpenStore> {
  return openStore(logPlace(open, audit), audit.lock);
}

/** Who writes records in this run: the log's own key, or a signer of the run, whose segments are timestamped. */
export type Writer = { readonly logKey?: Signer; readonly author: () => Promise<SegmentSigning> };

/** The key of the log that signs now, and where its private key is; nothing where the policy does not say that of any. */
export function logKeyNow(audit: AuditDefinition): { readonly key: LogKey; readonly ref: string } | undefined {
  const known = logKeysOf(audit).flatMap((key) => {
    const ref = audit.privateKeys.get(key.text);
    return ref === undefined ? [] : [{ key, ref }];
  });
  return known.find(({ key }) => logKeyCounts(key, Date.now())) ?? known[0];
}

/** The log's private key where this machine holds it; jobs need not, and then only append. */
export async function logKeyHere(open: OpenPolicy, audit: AuditDefinition): Promise<Signer | undefined> {
  const { ref } = logKeyNow(audit) ?? {};
  if (ref === undefined || /^[a-z0-9+.-]+:/i.test(ref)) return undefined;
  const path = resolve(open.directory, ref);
  if (!existsSync(path)) return undefined;
  const { createFileSigner } = await import('@signwright/signer-file');
  return createFileSigner({ path, passphrase: async () => Promise.reject(encrypted(path)) });
}

function encrypted(path: string): SignwrightError {
  return new SignwrightError('configuration', `the log's key ${path} is encrypted, so this job cannot use it`, {
    next: 'keep it from the jobs that sign, and give it to "signwright audit sequence" alone',
  });
}

/** Opens the log for asking it for proofs. */
export function openProver(open: OpenPolicy, audit: AuditDefinition, store: OpenStore): Promise<Pick<Log, 'prove'>> {
  const author = async (): Promise<never> => {
    throw new TypeError('a prover writes nothing');
  };
  return openLog(open, audit, store, { author });
}

/** The log's keys, the one that signs now first; {@link auditDefinition} sees to it that there is one. */
export function logKeysOf({ rule }: AuditDefinition): [LogKey, ...LogKey[]] {
  const [first, ...others] = proofTrustOf(rule).keys;
  if (first === undefined) throw new TypeError('a log without a key');
  return [first, ...others];
}

/**
 * Opens segments, as whoever orders them does: those of the log, and of the policy's signers and people.
 *
 * @param now when they are to be ordered: what a key of the log signed that has ended is not taken any more. Without it, what is
 * ordered already is opened.
 */
export function openSegmentsOf(
  open: OpenPolicy,
  audit: AuditDefinition,
  now?: Date,
): (bytes: Uint8Array) => Promise<OpenedSegment> {
  const trusted = {
    logKeys: logKeysOf(audit).filter(({ until = Number.POSITIVE_INFINITY }) => now === undefined || now.getTime() < until),
    trust: evidenceTrust(open),
    signers: [...open.policy.signers.values()].map(({ rule }) => rule),
  };
  return (bytes) => openSegment(bytes, trusted);
}

/** Opens the log for writing. */
export async function openLog(
  open: OpenPolicy,
  audit: AuditDefinition,
  store: OpenStore,
  writer: Writer,
  kept?: Checkpoint,
): Promise<OpenAuditLog> {
  const { openAuditLog } = await import('@signwright/audit-log');
  const { witnesses, count } = proofTrustOf(audit.rule);
  const keys = logKeysOf(audit);
  return openAuditLog({
    blobs: store.blobs,
    ...(store.transactions ? { transactions: store.transactions } : {}),
    keys,
    witnesses,
    count,
    segments: {
      seal: async (records) =>
        sealSegment(records, { ...(await writer.author()), ...(writer.logKey ? {} : { log: keys[0].name }) }),
      open: openSegmentsOf(open, audit, new Date()),
    },
    ...(kept === undefined ? {} : { kept }),
    ...(writer.logKey ? { signer: writer.logKey } : {}),
    clock: systemClock,
  });
}
