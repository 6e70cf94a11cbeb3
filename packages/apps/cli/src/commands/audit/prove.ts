import { readBounded, writeAtomic } from '@signwright/files';
import {
  inclusionProof,
  isSha256,
  type LogRule,
  MAX_PROOF,
  SignwrightError,
  sha256,
  verifyRecordProof,
  writeTlogProof,
} from '@signwright/signing-core';
import { proofTrustOf } from '../../context/find-records.ts';
import { auditDefinition, logKeysOf, openLogStore } from '../../context/open-log.ts';
import { openPolicy } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type ProveOptions = {
  readonly policy: string;
  readonly anchor?: string;
  readonly out?: string;
  readonly check?: true;
  /** Whose log it is, and who must have cosigned, instead of a policy. */
  readonly verifierKey?: string[];
  readonly witness?: string[];
};

/**
 * `signwright audit prove`: writes the proof that a record is in the log, for whoever does not trust us; or checks one, offline, by
 * the keys and witnesses of the policy.
 */
export async function auditProve(what: string, options: ProveOptions): Promise<number> {
  if (options.check) return checkProof(what, await ruleOf(options));
  const open = await openPolicy(options, new Date());
  const audit = auditDefinition(open);
  const { blobs } = await openLogStore(open, audit);
  const { openLogReader } = await import('@signwright/audit-log');
  const reader = await openLogReader({ blobs, keys: logKeysOf(audit), now: new Date() });
  const { index, bytes } = await find(what, reader);
  if (!reader.note)
    throw new SignwrightError('usage', 'the log has ordered nothing yet', { next: 'run "signwright audit sequence"' });
  const hashes = await inclusionProof(index, reader.size, reader.hashes);
  const proof = writeTlogProof({ index, hashes, checkpoint: Buffer.from(reader.note), extra: Buffer.from(bytes) });
  if (options.out === undefined) process.stdout.write(proof);
  else {
    await writeAtomic(options.out, proof);
    printNote(`record ${index} of ${reader.size}: its proof is in ${options.out}; whoever has it checks it, without us, with`);
    printNote(`  signwright audit prove --check ${options.out} --verifier-key '${audit.rule.keys[0]}'`);
  }
  return EXIT.allow;
}

/** Outsiders check by keys they were given; who has the policy, by that. */
async function ruleOf({ verifierKey, witness = [], ...options }: ProveOptions): Promise<LogRule> {
  if (verifierKey) return { keys: verifierKey, witnesses: witness, count: witness.length };
  return auditDefinition(await openPolicy(options, new Date())).rule;
}

type Records = { readonly size: number; records(from: number, to: number): AsyncIterable<{ index: number; bytes: Uint8Array }> };

async function find(what: string, reader: Records): Promise<{ index: number; bytes: Uint8Array }> {
  const index = /^(0|[1-9]\d{0,14})$/.test(what) ? Number(what) : undefined;
  if (index === undefined && !isSha256(what)) {
    throw new SignwrightError('usage', `${JSON.stringify(what)} is neither the place of a record nor its id`, {
      next: 'give its number or sha256:…, as "signwright audit list" shows them',
    });
  }
  const [from, to] = index === undefined ? [0, reader.size] : [index, index + 1];
  for await (const record of reader.records(from, to)) {
    if (index !== undefined || sha256(record.bytes) === what) return record;
  }
  throw new SignwrightError('usage', `the log has no record ${what}; it has ${reader.size}`, {
    next: 'if it was written just now, it may not be in order yet: "signwright audit sequence"',
  });
}

async function checkProof(file: string, rule: LogRule): Promise<number> {
  const proof = verifyRecordProof(await readBounded(file, MAX_PROOF, 'the proof'), proofTrustOf(rule), file);
  const { origin, size } = proof.checkpoint;
  printLines([
    `${proof.status === 'proven' ? 'proven' : 'not witnessed enough'}: record ${proof.index} of ${size} in ${origin}, ${proof.record.id}`,
    `cosigned by ${proof.witnesses.map(({ name, at }) => `${name} at ${at.toISOString()}`).join(', ') || 'nobody'}; ${rule.count} must`,
    proof.bytes.toString('utf8'),
  ]);
  return proof.status === 'proven' ? EXIT.allow : EXIT.inconclusive;
}
