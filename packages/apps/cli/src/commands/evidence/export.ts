import { safeJson } from '@signwright/report';
import { type EvidenceStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type CollectedEvidence, collectEvidence } from '../../context/collect-evidence.ts';
import { evidencePlace, openExistingEvidence } from '../../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../../context/open-policy.ts';
import { openRevocation } from '../../context/open-revocation.ts';
import { ruleDigestsAnywhere } from '../../context/rule-digests.ts';
import type { Run } from '../../context/run.ts';
import { vendorsOf } from '../../context/vendors-of.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';
import { releasedArtifacts } from '../../releases/released-artifacts.ts';
import { VERSION } from '../../version.ts';
import { type AboutOptions, counted, type EvidenceInHand, evidenceInHand, fewOf } from './evidence-in-hand.ts';

export type EvidenceExportOptions = AboutOptions & {
  readonly release?: string;
  readonly environment?: string;
  readonly out: string;
  readonly output: 'text' | 'json';
};

/**
 * `signwright evidence export --out FILE`: everything verdicts on these artifacts rest on, in one archive that verifies with no
 * network and years later. An artifact without evidence stops it: what is left out would be missed when it is too late.
 */
export async function evidenceExport(paths: string[], options: EvidenceExportOptions, run: Run): Promise<number> {
  const { open, place, artifacts, rules } = await (options.release === undefined
    ? evidenceInHand(paths, options, run)
    : releaseInHand(paths, options, options.release));
  const store = await openExistingEvidence(place);
  const digests = [...new Set(artifacts.map(({ digest }) => digest))];
  const listed = await store.list(digests);
  const without = artifacts.filter(({ digest }) => !listed.has(digest)).map(({ name }) => name);
  if (without.length > 0) throw incomplete(without, place.reference);

  const evidence = await collectEvidence(store, [...digests, ...rules], open);
  for (const { name, digest } of artifacts) await evidence.byVendors(digest, vendorsOf(open.policy, name, options.environment));
  const crls = (await openRevocation(open))?.usedCrls() ?? [];
  const { writeArchive } = await import('@signwright/evidence');
  const { digest, bytes, pieces } = await writeArchive(options.out, {
    store: withCrls(withPolicy(store, open, new Set(digests)), crls),
    artifacts: artifacts.map(({ name, digest }) => ({ name, digest })),
    also: rules,
    madeBy: `signwright ${VERSION}`,
  });
  if (options.output === 'json') {
    const about = artifacts.map(({ name, digest }) => ({ name, digest }));
    const result = { archive: options.out, digest, bytes, pieces, policy: open.policy.digest, artifacts: about };
    process.stdout.write(safeJson({ version: 1, ...result }));
  } else {
    printLines([
      `${options.out}: ${counted(pieces, 'piece')} of evidence about ${counted(artifacts.length, 'artifact')}, ${bytes} bytes`,
      `its manifest is ${digest}; "signwright evidence verify ${options.out}${options.environment === undefined ? '' : ` --environment ${options.environment}`}" decides by it, without what only the log tells`,
    ]);
  }
  if (!options.quiet) noteWaiting(evidence);
  return EXIT.allow;
}

/** A release that is closed, in place of files. */
async function releaseInHand(paths: readonly string[], options: EvidenceExportOptions, release: string): Promise<EvidenceInHand> {
  const open = await openPolicy(options, new Date());
  const place = evidencePlace(open, options.evidence);
  const { environment } = options;
  const store = await openExistingEvidence(place);
  const { artifacts, closed } = await releasedArtifacts(paths, { release, environment }, open, store);
  if (closed) return { open, place, artifacts, rules: ruleDigestsAnywhere(open.policy, artifacts) };
  throw new SignwrightError('verification', `${release} is not closed for the environment ${environment ?? 'default'}`, {
    where: place.reference,
    next: `nothing was written; close it first: signwright release close ${release} --expect FILE`,
  });
}

function incomplete(without: readonly string[], reference: string): SignwrightError {
  return new SignwrightError('verification', `the evidence store has nothing about ${fewOf(without)}`, {
    where: reference,
    next: 'sign first, or pull the evidence from where it is; or name the artifacts that belong to the release. Nothing was written',
  });
}

/** The policy it is exported under is in the archive too, whichever the parts were signed under: an anchor of today pins that one. */
function withPolicy(store: EvidenceStore, open: OpenPolicy, artifacts: ReadonlySet<Sha256>): EvidenceStore {
  const snapshot = open.snapshot();
  const id = sha256(snapshot);
  return {
    ...store,
    async list(subjects) {
      const listed = new Map(await store.list(subjects));
      for (const subject of subjects) {
        if (!artifacts.has(subject) && subject !== open.policy.digest) continue;
        listed.set(subject, [...new Set([...(listed.get(subject) ?? []), id])]);
      }
      return listed;
    },
    get: async (asked) => (asked === id ? snapshot : store.get(asked)),
  };
}

/** What was known of revocation is in the archive too, beside whatever it may be of: it cannot be asked for years later. */
function withCrls(store: EvidenceStore, crls: readonly Uint8Array[]): EvidenceStore {
  const byId = new Map(crls.map((crl) => [sha256(crl), crl]));
  return {
    ...store,
    async list(subjects) {
      const listed = await store.list(subjects);
      return new Map([...listed].map(([subject, ids]) => [subject, [...new Set([...ids, ...byId.keys()])]]));
    },
    get: async (asked) => byId.get(asked) ?? store.get(asked),
  };
}

/** An archive keeps what it was made with: a record that is not proved by then stays so in it. */
function noteWaiting({ records }: CollectedEvidence): void {
  const waiting = [...records.waiting.keys()].filter((part) => !records.proven.has(part));
  if (waiting.length === 0) return;
  printNote(
    `${counted(waiting.length, 'signature')} in it ${waiting.length === 1 ? 'has' : 'have'} a record that is not proved yet: run "signwright wait", then export again`,
  );
}
