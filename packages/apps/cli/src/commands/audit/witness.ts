import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '@signwright/files';
import type { AuditDefinition } from '@signwright/policy';
import {
  MAX_NOTE,
  parseNote,
  SignwrightError,
  type VerifierKey,
  verifierKeyOf,
  verifyCosignatures,
} from '@signwright/signing-core';
import { systemClock } from '../../context/clock.ts';
import { proofTrustOf } from '../../context/find-records.ts';
import { auditDefinition, logKeysOf, openLogStore } from '../../context/open-log.ts';
import { openPolicy } from '../../context/open-policy.ts';
import { readIfThere } from '../../context/read-if-there.ts';
import { type PassphraseOptions, passphraseOf } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { tellOf } from '../../notify/tell.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type WitnessOptions = PassphraseOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly name: string;
  readonly key: string;
  readonly state: string;
  /** Seconds. */
  readonly stuckAfter?: number;
};

/**
 * `signwright audit witness`: checks that the log only grew since this witness looked last, and cosigns its newest checkpoint. What
 * it saw is kept where the log cannot change it.
 */
export async function auditWitness(options: WitnessOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const audit = auditDefinition(open);
  const { blobs } = await openLogStore(open, audit);
  const [{ witnessLog }, { createFileSigner }] = await Promise.all([
    import('@signwright/audit-log'),
    import('@signwright/signer-file'),
  ]);
  const signer = await createFileSigner({ path: options.key, passphrase: passphraseOf(options) ?? noPassphrase(options.key) });
  const own = verifierKeyOf(options.name, await signer.publicKey(), 'witness');
  checkListed(own, audit);
  const file = join(options.state, 'last-seen.checkpoint');
  const last = await readIfThere(file, MAX_NOTE, 'what this witness saw last');
  if (last) checkOwn(last, own, file);
  else printNote(`${options.state} is empty: this witness remembers nothing that it saw before`);
  const report = await witnessLog({
    blobs,
    keys: logKeysOf(audit),
    name: options.name,
    signer,
    clock: systemClock,
    ...(last === undefined ? {} : { last }),
    remember: async (note) => {
      await mkdir(options.state, { recursive: true });
      await writeAtomic(file, note);
    },
    others: proofTrustOf(audit.rule).witnesses.filter(({ name }) => name !== options.name),
    ...(options.stuckAfter === undefined ? {} : { stuckAfter: options.stuckAfter * 1000 }),
  });
  switch (report.status) {
    case 'nothing-yet':
      printNote('the log has ordered nothing yet, or is not there: there is nothing to cosign');
      return EXIT.inconclusive;
    case 'cosigned':
      printLines([
        `cosigned ${report.checkpoint.origin} at ${report.checkpoint.size} records${report.first ? ', the first this witness saw of it' : ''}`,
      ]);
      return EXIT.allow;
    default: {
      printNote(`ALARM ${report.status}: ${report.message}`);
      if ('found' in report) await keepBoth(options.state, report.seen, report.found);
      const data = {
        log: audit.rule.keys[0]?.split('+')[0] ?? '',
        status: report.status,
        message: report.message,
        witness: options.name,
      };
      await tellOf(open, 'log-alarm', data, printNote);
      return EXIT.deny;
    }
  }
}

/** A cosignature under another name or key than the policy's counts for nobody. */
function checkListed(own: VerifierKey, { rule, where }: AuditDefinition): void {
  if (rule.witnesses.length === 0 || rule.witnesses.includes(own.text)) return;
  throw new SignwrightError('configuration', `the policy lists no witness ${own.text}; there is ${rule.witnesses.join(', ')}`, {
    where,
    next: 'name the witness and its key as the policy has them',
  });
}

/** What a witness saw is its memory: under another name or key it is somebody else's, and nothing to begin anew for. */
function checkOwn(last: Uint8Array, own: VerifierKey, file: string): void {
  const note = parseNote(last, 'what this witness saw last');
  if (verifyCosignatures(note, [own]).length > 0) return;
  const whose = note.signatures.map(({ name }) => name).join(', ');
  throw new SignwrightError(
    'configuration',
    `${file} is the memory of another witness than ${own.name} with this key (signed by ${whose})`,
    {
      where: file,
      next: 'give the name, key and state directory that belong together; do not remove what is there',
    },
  );
}

/** Both checkpoints, each signed by the log, are what proves to others that it lied. */
async function keepBoth(state: string, seen: Uint8Array, found: Uint8Array): Promise<void> {
  const at = new Date().toISOString().replaceAll(':', '');
  await mkdir(state, { recursive: true });
  for (const [what, note] of [
    ['seen', seen],
    ['found', found],
  ] as const) {
    const file = join(state, `alarm-${at}-${what}.checkpoint`);
    await writeAtomic(file, note);
    printNote(`  kept as evidence: ${file}`);
  }
}

function noPassphrase(key: string) {
  return async (): Promise<never> => {
    throw new SignwrightError('configuration', `the witness's key ${key} is encrypted`, {
      next: 'name the environment variable with its passphrase: --passphrase-env NAME',
    });
  };
}
