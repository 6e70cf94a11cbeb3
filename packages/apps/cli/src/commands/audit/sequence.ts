import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomic } from '@signwright/files';
import type { AuditDefinition } from '@signwright/policy';
import { MAX_NOTE, openCheckpoint, parseKeyReference, type Signer, SignwrightError } from '@signwright/signing-core';
import { auditDefinition, logKeyNow, logKeysOf, openLog, openLogStore } from '../../context/open-log.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { readIfThere } from '../../context/read-if-there.ts';
import type { Run } from '../../context/run.ts';
import { openReference } from '../../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type SequenceOptions = PassphraseOptions & PolicyOptions & { readonly state?: string };

/** Where it is kept up to where this machine has put the log in order. */
const KEPT = 'last-ordered.checkpoint';

/**
 * `signwright audit sequence`: with the log's key, puts what jobs appended in order, and publishes the log for outsiders. A segment
 * that is not taken is recorded as such, and told. Where it keeps what it has ordered, it signs no shorter and no other history.
 */
export async function auditSequence(options: SequenceOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const audit = auditDefinition(open);
  const logKey = await openLogKey(open, audit, options, run.signal);
  const store = await openLogStore(open, audit);
  const { checkGrown, openLogReader } = await import('@signwright/audit-log');
  const keys = logKeysOf(audit);
  const kept = options.state === undefined ? undefined : join(options.state, KEPT);
  const seen = kept === undefined ? undefined : await readIfThere(kept, MAX_NOTE, 'what was put in order last');
  if (seen !== undefined) await checkGrown(store.blobs, keys, seen);
  else if (kept !== undefined)
    printNote(`${options.state} is empty: that the log has only grown since it was last ordered is not checked`);
  const before = await openLogReader({ blobs: store.blobs, keys });
  const writer = { logKey, author: async () => ({ signer: logKey }) };
  const log = await openLog(open, audit, store, writer, seen && openCheckpoint(seen, keys, kept ?? KEPT));
  const { size, segments, refused } = await log.sequence();
  await log.publish();
  if (kept !== undefined) await keep(kept, (await openLogReader({ blobs: store.blobs, keys })).note);
  printLines([
    `in order: ${size} records of ${segments} segments (new: ${size - before.size} records of ${segments - before.next} segments)`,
    ...refused.map(({ segment, reason }) => `segment ${segment} was not taken: ${reason}`),
  ]);
  return refused.length === 0 ? EXIT.allow : EXIT.deny;
}

async function keep(file: string, note: Uint8Array | undefined): Promise<void> {
  if (note === undefined) return;
  await mkdir(dirname(file), { recursive: true });
  await writeAtomic(file, note);
}

/** The log's private key. */
async function openLogKey(
  open: OpenPolicy,
  audit: AuditDefinition,
  options: PassphraseOptions,
  signal: AbortSignal,
): Promise<Signer> {
  const { where } = audit;
  const signing = logKeyNow(audit);
  if (signing === undefined) {
    throw new SignwrightError('policy', 'the policy does not say where the key of the log is', {
      where,
      next: 'add audit.key: a path, which only the machine that orders records need have',
    });
  }
  const idToken = async (): Promise<never> => {
    throw new SignwrightError('configuration', "the log's key is asked for with an ID token, which is of the jobs that sign", {
      where,
      next: 'use login=token or login=approle',
    });
  };
  const opening = { directory: open.directory, passphrase: passphraseOf(options), signal, idToken };
  const { key, ref } = signing;
  return openReference(ref, 'the log', opening, parseKeyReference(ref).scheme === 'file' ? {} : { publicKey: key.publicKey });
}
