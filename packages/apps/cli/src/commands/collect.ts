import { planArtifacts, refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import {
  AUTHORS,
  hexOf,
  PLATFORM_APPROVALS,
  prepareStatement,
  SignwrightError,
  writeAuthors,
  writePlatformApprovals,
  writeStatement,
} from '@signwright/signing-core';
import { type ChosenVerifier, checkVerifies, chooseVerifier } from '../attesting/choose-verifier.ts';
import { askPeople } from '../collect/ask-people.ts';
import { askedOf, type CertifiedGroup, type Collected, groupCertified } from '../collect/certified-groups.ts';
import { findBase } from '../collect/find-base.ts';
import { openSources, type SourceOptions, type Sources } from '../collect/open-sources.ts';
import { hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { collectAbout, judgeBy } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { sourceContext } from '../context/source-context.ts';
import { EXIT } from '../exit.ts';
import { printLines, printNote } from '../print-lines.ts';
import { openRecording } from '../records/open-recording.ts';
import { openRequest } from '../requests/open-request.ts';
import type { SharedOptions } from '../shared-options.ts';
import { openSigningRun } from '../signing/open-signing-run.ts';
import { refuseDevelopment } from '../signing/refuse-development.ts';
import { signAndPublish } from '../signing/sign-and-publish.ts';
import { prepareStatementWork } from '../signing/statement-work.ts';
import { type SigningRun, type Work, workArtifact } from '../signing/work.ts';

export type CollectOptions = SharedOptions &
  PassphraseOptions &
  SourceOptions & {
    readonly digest?: string;
    readonly name?: string;
    readonly git: string;
    readonly signer?: string;
    /** Where nothing is asked of people, there is nothing to find out and nothing wrong: a pipeline collects for all it makes. */
    readonly ifAny?: true;
  };

/**
 * `signwright collect`: as a verifier, finds out who wrote what is to be released, who asked for it and what people approved on their
 * platform, and signs that as two statements. What it cannot find out is said in them, and verdicts are then inconclusive.
 */
export async function collect(targets: string[], options: CollectOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  checkVerifies(open, 'what is known of people');
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const place = evidencePlace(open, options.evidence);
  const store = await openEvidence(place, open);
  const { artifacts: all, environment } = await targetsOf(targets, open, options, store, run);
  const artifacts = all.filter((one) => Object.values(askedOf([one])).includes(true));
  if (artifacts.length === 0 && options.ifAny) {
    note('the policy asks nothing of people here');
    return EXIT.allow;
  }
  if (artifacts.length === 0) {
    throw new SignwrightError('usage', 'the policy asks nothing of people here that could be collected', {
      where: open.file,
      next: 'only separation-of-duties and approvals of kind platform need it',
    });
  }
  const signing = await openSigningRun(open, options, run, note);
  const verifier = chooseVerifier(signing, options.signer);
  const given = environment === 'default' ? undefined : environment;
  const evidence = await collectAbout(open, store, artifacts, given);
  if (evidence.unreachable !== undefined)
    throw new SignwrightError('unreachable', evidence.unreachable, { where: place.reference, next: 'nothing was signed' });
  const circumstances = { at: Date.now(), environment: given, moment: 'release', askLog: false } as const;
  const verdicts = await judgeBy(open, evidence, artifacts, circumstances);

  const recording = openRecording(signing, await sourceContext(signing.job), environment, note);
  const works = artifacts.map(workArtifact);
  const told: string[] = [];
  const collecting = { open, store, environment, git: options.git, signal: run.signal, note };
  const statements = await recording.ending(works, async () => {
    const found: Statement[] = [];
    for (const group of groupCertified(artifacts, verdicts, ({ digest }) => evidence.verified(digest))) {
      const about = { repository: group.source.repository, environment };
      const sources = await openSources(options, signing.job, about, run.signal);
      if (sources === undefined) note('no platform is asked: who brought commits is known by their signatures alone');
      if (askedOf(group.artifacts).duties) found.push(await authorsOf(group, sources, collecting));
      if (askedOf(group.artifacts).clicks && sources) found.push(await approvalsOf(group, sources, environment));
    }
    return found;
  });
  if (statements.length === 0) {
    throw new SignwrightError('usage', 'what is asked for is known to platforms alone, and none is named', {
      next: 'run this in a job of the platform, or name it with --platform',
    });
  }
  for (const { line } of statements) told.push(line);
  const prepare = async () => [await Promise.all(statements.map((one) => workOf(one, verifier, signing))), []] as const;
  await signAndPublish(works, prepare, { run: signing, recording, store, note });
  printLines(told);
  return EXIT.allow;
}

type Collecting = Parameters<typeof findBase>[1];
type Statement = { readonly type: string; readonly group: CertifiedGroup; readonly payload: Buffer; readonly line: string };

/** The artifacts of a request, or those that are named. */
async function targetsOf(
  targets: readonly string[],
  open: OpenPolicy,
  options: CollectOptions,
  store: Parameters<typeof openRequest>[1],
  run: Run,
): Promise<{ readonly artifacts: readonly Collected[]; readonly environment: string }> {
  const [first, ...others] = targets;
  if (first !== undefined && /^(?:sha256:)?[0-9a-f]{64}$/.test(first) && others.length === 0) {
    const { request, artifacts } = await openRequest(open, store, first);
    if (options.environment !== undefined && options.environment !== request.environment) {
      throw new SignwrightError('usage', `the request is for ${request.environment}, not for ${options.environment}`, {
        next: 'leave --environment out',
      });
    }
    return { artifacts, environment: request.environment };
  }
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, targets, options, storeDirectories(open, place), run);
  const { planned } = planArtifacts(open.policy, named, options.environment);
  return { artifacts: await hashArtifacts(planned, options, run), environment: options.environment ?? 'default' };
}

async function authorsOf(group: CertifiedGroup, sources: Sources | undefined, collecting: Collecting): Promise<Statement> {
  const { open, environment, git, signal } = collecting;
  const base = await findBase(group, collecting);
  const people = [...open.policy.people.values()];
  const said = await askPeople(group, { git, base, environment, people, sources, signal });
  const payload = writeStatement({ predicateType: AUTHORS, subject: subjectsOf(group), predicate: writeAuthors(said) });
  const unknown = said.unknown.total === 0 ? '' : `; of ${said.unknown.total} commits nobody knows the author`;
  const missing = said.incomplete === undefined ? '' : `; incomplete: ${said.incomplete}`;
  const requester = said.requester === undefined ? 'who asked for it is not known' : 'who asked for it is known';
  const line = `${said.commit}: ${said.authors.length + said.persons.length} authors since ${base ?? 'the first commit'}, ${requester}${unknown}${missing}`;
  return { type: AUTHORS, group, payload, line };
}

async function approvalsOf(group: CertifiedGroup, sources: Sources, environment: string): Promise<Statement> {
  const { platform, project, run } = sources;
  const about = { commit: group.source.commit, environment, ...(run === undefined ? {} : { run }) };
  const said = await sources.approvals.approvals(about);
  const payload = writePlatformApprovals(subjectsOf(group), { ...about, ...said, platform, project });
  const line = `${group.source.commit}: ${said.approvals.length} decisions on ${platform}`;
  return { type: PLATFORM_APPROVALS, group, payload, line };
}

function subjectsOf({ artifacts }: CertifiedGroup): { readonly name: string; readonly sha256: string }[] {
  return artifacts.map(({ name, digest }) => ({ name, sha256: hexOf(digest) }));
}

function workOf({ type, group, payload }: Statement, { definition }: ChosenVerifier, run: SigningRun): Promise<Work> {
  const { repository, commit } = group.source;
  return prepareStatementWork(
    {
      definition,
      deed: type === AUTHORS ? 'told the authors of' : 'told what a platform knows of',
      artifacts: group.artifacts.map(workArtifact),
      statement: { type, commit, ...(repository === undefined ? {} : { repository }) },
      prepare: (signing) => prepareStatement(() => payload, signing),
      check: (verified) => refuseDevelopment(verified, group.artifacts),
    },
    run,
  );
}
