import { readBounded } from '@signwright/files';
import {
  type AskedRelease,
  type Closing,
  closerOf,
  type Expectation,
  findClosing,
  parseExpectation,
  type ReleaseEvidence,
  type ReleaseStanding,
  refuseUnenforced,
  releaseStanding,
  type SignerDefinition,
  unenforcedInRun,
} from '@signwright/policy';
import { parseReleaseName, releaseText } from '@signwright/signing-core';
import { type EvidencePlace, evidencePlace, openExistingEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { askedOf } from './asked-of.ts';
import { collectRelease } from './collect-release.ts';

/** Options of the commands about releases. */
export type ReleaseOptions = {
  readonly policy: string;
  readonly environment?: string;
  readonly anchor?: string;
  readonly evidence?: string;
  readonly expect?: string;
  readonly quiet?: true;
};

/** A release as the evidence has it now. */
export type OpenRelease = {
  readonly open: OpenPolicy;
  readonly place: EvidencePlace;
  readonly text: string;
  readonly asked: AskedRelease;
  readonly closer: SignerDefinition;
  readonly evidence: ReleaseEvidence;
  readonly closing: Closing;
  readonly standing: ReleaseStanding;
};

const MAX_EXPECTATION = 1024 * 1024;

/** Opens the policy, collects what there is of a release, and judges how it stands. */
export async function openRelease(name: string, options: ReleaseOptions): Promise<OpenRelease> {
  const release = parseReleaseName(name);
  const open = await openPolicy(options, new Date());
  const { policy } = open;
  refuseUnenforced(unenforcedInRun(policy));
  const closer = closerOf(policy);
  const expectation = await readExpectation(options, open);
  const place = evidencePlace(open, options.evidence);
  const asked = askedOf(release, options, open);
  const evidence = await collectRelease(await openExistingEvidence(place), open, release);
  const closing = findClosing(policy, evidence, asked);
  const standing = releaseStanding(policy, evidence, asked, expectation);
  return { open, place, text: releaseText(release), asked, closer, evidence, closing, standing };
}

async function readExpectation({ expect }: ReleaseOptions, { policy }: OpenPolicy): Promise<Expectation | undefined> {
  if (expect === undefined) return undefined;
  return parseExpectation(await readBounded(expect, MAX_EXPECTATION, 'what the release must have'), expect, policy);
}
