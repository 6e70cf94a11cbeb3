import { existsSync } from 'node:fs';
import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { type EvidencePlace, evidencePlace, openKeptEvidence } from '../../context/open-evidence.ts';
import { openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';
import { counted } from './evidence-in-hand.ts';

const POLICY = 'signwright.yaml';

type CheckOptions = Partial<PolicyOptions> & {
  readonly evidence?: string;
  readonly at?: string;
  readonly environment?: string;
  readonly output: string;
};

/** Checks a whole store: every piece has its digest, every listed one is there. What they mean is for verdicts. */
export async function checkStore(options: CheckOptions): Promise<number> {
  if (options.at !== undefined || options.environment !== undefined || !['text', 'json'].includes(options.output)) {
    throw new SignwrightError('usage', 'without an archive or files the store itself is checked, and nothing is judged', {
      next: 'name an archive, or files with --store; a check is printed as text or json',
    });
  }
  const { blobs, place } = await openKeptEvidence(await placeWithoutPolicy(options), undefined);
  if (blobs === undefined) {
    throw new SignwrightError('configuration', `${place.reference} cannot be checked as a whole`, {
      next: 'verify what it has about some files: "signwright evidence verify --store FILE"',
    });
  }
  const { checkEvidence } = await import('@signwright/evidence');
  const { pieces, problems } = await checkEvidence(blobs);
  const sound = problems.length === 0;
  if (options.output === 'json') {
    process.stdout.write(safeJson({ version: 1, sound, store: place.reference, pieces, problems }));
  } else {
    printLines([
      ...problems.map(({ id, what }) => `DAMAGED  ${id}: ${what}`),
      `${place.reference}: ${counted(pieces, 'piece')} of evidence, ${sound ? 'each as it was put' : `${problems.length} NOT as put`}`,
    ]);
  }
  return sound ? EXIT.allow : EXIT.deny;
}

/** Where the store is: the user says so, or the policy where there is one; judging may do without it. */
export async function placeWithoutPolicy(options: Partial<PolicyOptions> & { evidence?: string }): Promise<EvidencePlace> {
  const { policy, anchor, evidence } = options;
  if (evidence !== undefined || (policy === undefined && !existsSync(POLICY))) return evidencePlace(undefined, evidence);
  // A policy that is only beside the work says where the store is, and not what is judged by: that may be one kept with the evidence.
  const held = policy === undefined || anchor === undefined ? {} : { anchor };
  return evidencePlace(await openPolicy({ policy: policy ?? POLICY, ...held }, new Date()), undefined);
}
