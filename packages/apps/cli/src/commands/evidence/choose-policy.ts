import type { Anchor } from '@signwright/policy';
import { type EvidenceStore, messageOf, type Sha256, SignwrightError } from '@signwright/signing-core';
import { type CollectedEvidence, collectEvidence } from '../../context/collect-evidence.ts';
import type { Judged } from '../../context/judge-artifacts.ts';
import { type OpenPolicy, openPolicy, readAnchor } from '../../context/open-policy.ts';
import { ruleDigests } from '../../context/rule-digests.ts';
import { type FoundSnapshot, findSnapshots, openSnapshot } from './open-snapshot.ts';

/** A policy to judge by, the evidence as it verifies by it, and how it came to be this one. */
export type ChosenPolicy = { readonly open: OpenPolicy; readonly evidence: CollectedEvidence; readonly why: string };

export type ChoosePolicyOptions = {
  /** What is judged, and where it is to go: waivers may be about the rules that match. */
  readonly named: readonly Judged[];
  readonly environment: string | undefined;
  /** The archive or store, for people. */
  readonly place: string;
  readonly policy?: string;
  readonly anchor?: string;
  /** Parts timestamped later do not count; milliseconds since 1970. */
  readonly latest?: number;
};

/** Snapshots that are tried without an anchor, at the most: each is a policy to load, and evidence to verify by it. */
const MAX_TRIED = 32;

/**
 * Chooses the policy by which evidence is judged: the file the user brings; else, of the snapshots kept with it, the one the anchor
 * pins; else the one that the newest part was signed under, by whose own trust root that part verifies.
 */
export async function choosePolicy(
  store: EvidenceStore,
  artifacts: readonly Sha256[],
  options: ChoosePolicyOptions,
): Promise<ChosenPolicy> {
  const { policy, anchor: anchorFile, place } = options;
  const collect = collector(store, artifacts, options);
  if (policy !== undefined) {
    const brought = await openPolicy({ policy, ...(anchorFile === undefined ? {} : { anchor: anchorFile }) }, new Date());
    const open = { ...brought, offline: true } as const;
    return { open, evidence: await collect(open), why: `from ${policy}` };
  }
  const anchor = anchorFile === undefined ? undefined : await readAnchor(anchorFile);
  const found = await findSnapshots(store, artifacts, anchor?.policySha256 === undefined ? [] : [anchor.policySha256]);
  if (found.length === 0) throw noSnapshot(place);
  if (anchor === undefined) return byNewestPart(store, artifacts, found, options);
  const open =
    anchor.policySha256 === undefined
      ? await newestSigned(store, found, place, anchor)
      : await openSnapshot(store, pinnedBy(anchor, found, place), place, anchor);
  return { open, evidence: await collect(open), why: `from ${place}, as ${anchor.where} pins it` };
}

/** Of the policies that are signed as the anchor wants it, the newest edition. */
async function newestSigned(
  store: EvidenceStore,
  found: readonly FoundSnapshot[],
  place: string,
  anchor: Anchor,
): Promise<OpenPolicy> {
  if (found.length > MAX_TRIED) throw tooMany(found.length, place);
  let newest: OpenPolicy | undefined;
  let failure: SignwrightError | undefined;
  for (const snapshot of found) {
    try {
      if ('problem' in snapshot) throw snapshot.problem;
      const open = await openSnapshot(store, snapshot.id, place, anchor);
      if ((open.policy.serial ?? -1) > (newest?.policy.serial ?? -1)) newest = open;
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'unreachable') throw error;
      failure ??= error;
    }
  }
  if (newest === undefined) throw failure ?? noSnapshot(place);
  return newest;
}

function pinnedBy(anchor: Anchor, found: readonly FoundSnapshot[], place: string): Sha256 {
  const digests = found.flatMap((one) => ('digest' in one ? one.digest : []));
  const pinned = found.find((one) => 'digest' in one && one.digest === anchor.policySha256);
  if (pinned !== undefined) return pinned.id;
  const has = digests.slice(0, 3).join(', ');
  throw new SignwrightError(
    'policy',
    `the anchor pins the policy ${anchor.policySha256}, and ${place} has ${has || 'none'}${digests.length > 3 ? ', …' : ''}`,
    { where: anchor.where, next: 'find out which is meant; bring the policy that the anchor pins with --policy FILE' },
  );
}

/** Collects the evidence about the artifacts and, by a policy, about its rules that match what is judged. */
function collector(
  store: EvidenceStore,
  artifacts: readonly Sha256[],
  { named, environment }: ChoosePolicyOptions,
): (open: OpenPolicy) => Promise<CollectedEvidence> {
  return (open) => collectEvidence(store, [...artifacts, ...ruleDigests(open.policy, named, environment)], open);
}

type Candidate = { readonly open: OpenPolicy; readonly evidence: CollectedEvidence; readonly newest: number };

async function byNewestPart(
  store: EvidenceStore,
  artifacts: readonly Sha256[],
  found: readonly FoundSnapshot[],
  options: ChoosePolicyOptions,
): Promise<ChosenPolicy> {
  const { place, latest = Number.POSITIVE_INFINITY } = options;
  const collect = collector(store, artifacts, options);
  if (found.length > MAX_TRIED) throw tooMany(found.length, place);
  let chosen: Candidate | undefined;
  let failure: SignwrightError | undefined;
  for (const snapshot of found) {
    try {
      if ('problem' in snapshot) throw snapshot.problem;
      const open = await openSnapshot(store, snapshot.id, place, undefined);
      const evidence = await collect(open);
      const newest = newestUnder(open.policy.digest, artifacts, evidence, latest);
      if (chosen === undefined || newest > chosen.newest) chosen = { open, evidence, newest };
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'unreachable') throw error;
      failure ??= error;
    }
  }
  if (chosen === undefined) throw failure ?? noSnapshot(place);
  const { open, evidence, newest } = chosen;
  const signed = newest > 0 ? 'the newest part was signed under it' : 'though no part of it verifies';
  const others = failure === undefined ? '' : `; another in it is no policy: ${messageOf(failure)}`;
  return { open, evidence, why: `from ${place}, ${signed}; nothing pins it: it is the choice of whoever made ${place}${others}` };
}

/** When the newest part was signed that names this policy and verifies by it; 0 where there is none. */
function newestUnder(policy: Sha256, artifacts: readonly Sha256[], { verified }: CollectedEvidence, latest: number): number {
  const parts = artifacts.flatMap((digest) => verified(digest)).filter(({ part }) => part.policy.digest === policy);
  return parts.reduce((newest, { time }) => (time.at <= latest ? Math.max(newest, time.at) : newest), 0);
}

function noSnapshot(place: string): SignwrightError {
  return new SignwrightError('configuration', `there is no policy to judge by in ${place}`, {
    next: 'bring it with --policy FILE, and pin it with --anchor FILE',
  });
}

function tooMany(count: number, place: string): SignwrightError {
  return new SignwrightError(
    'configuration',
    `there are ${count} policies in ${place}, more than the ${MAX_TRIED} that are tried`,
    {
      next: 'say which: pin it with --anchor FILE, or bring it with --policy FILE',
    },
  );
}
