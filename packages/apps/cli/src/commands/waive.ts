import { type Policy, type Required, refuseUnenforced, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import {
  type Outcome,
  type PersonRule,
  type RecordedArtifact,
  requestId,
  type Sha256,
  SignwrightError,
  type Verdict,
  WAIVER,
  type Waiver,
  writeWaiver,
} from '@signwright/signing-core';
import { type ArtifactInHand, hashArtifacts, nameArtifacts } from '../context/artifacts-in-hand.ts';
import { judgeArtifacts } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy, trustRootOf } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { tellOf } from '../notify/tell.ts';
import { checkReason } from '../people/check-reason.ts';
import { confirm } from '../people/confirm.ts';
import { openPerson, type PersonOptions } from '../people/person-key.ts';
import { publishStatement } from '../people/publish-statement.ts';
import { strictestAudit } from '../people/record-person.ts';
import { inUnits, longestWaiver, refuseStranger } from '../people/waive-terms.ts';
import { printLines, printNote } from '../print-lines.ts';
import { namedOf } from '../requests/ask-for-approvals.ts';
import { standingLines } from '../requests/request-lines.ts';

export type WaiveOptions = PersonOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly evidence?: string;
  readonly environment?: string;
  readonly reason: string;
  /** Seconds. */
  readonly for?: number;
  readonly breakGlass?: true;
  readonly wholeRule?: true;
  readonly digest?: string;
  readonly name?: string;
  readonly yes?: true;
  readonly quiet?: true;
};

type Waived = ArtifactInHand & { readonly required: Required };

/**
 * `signwright waive REQUIREMENT`: signs that one requirement need not be met by these bytes, or by whatever the rule matches; or breaks
 * the glass, which waives all that can be waived and is told at once.
 */
export async function waive(args: string[], options: WaiveOptions, run: Run): Promise<number> {
  const [requirement, paths] = options.breakGlass ? [undefined, args] : [args[0], args.slice(1)];
  if (!options.breakGlass && requirement === undefined) {
    throw new SignwrightError('usage', 'which requirement?', {
      next: 'name it as verify does: signwright waive approval:security dist/app.tgz',
    });
  }
  checkReason(options.reason);
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const place = evidencePlace(open, options.evidence);
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const artifacts = (await hashArtifacts(named, options, run)).map((artifact) => demanded(open.policy, artifact, options));
  const most = Math.min(...artifacts.map(({ required }) => longestWaiver(open, required, requirement)));
  const seconds = options.for ?? most;
  if (seconds > most) {
    throw new SignwrightError('denied', `the policy lets it count for ${inUnits(most)} at the most`, {
      next: 'ask for less with --for',
    });
  }
  const person = await openPerson(open, options, run.signal);
  const demands = artifacts.map(({ required }) => required);
  refuseStranger(open, demands, person.person, requirement);

  const store = await openEvidence(place, open);
  const { environment } = options;
  const judge = (): Promise<Verdict[]> =>
    judgeArtifacts(open, store, artifacts, { at: Date.now(), environment, moment: 'release', askLog: true });
  const isMeant = meant(demands, requirement);
  const before = await judge();
  const expires = new Date(Date.now() + seconds * 1000).toISOString();
  printLines([
    `${requirement ?? 'all that can be waived'}, in ${environment ?? 'default'}, until ${expires}`,
    ...aboutLines(artifacts, options),
    `  because: ${options.reason}`,
    ...standingLines(before, isMeant),
  ]);
  refuseRejected(before);
  await confirm(
    `${person.person.id} (${person.where}): ${options.breakGlass ? 'break the glass' : 'waive it'}?`,
    options.yes ?? false,
    run.signal,
  );

  const waivers = statementsOf(open, artifacts, { requirement, expires, options, person: person.person });
  const speaking = {
    open,
    person,
    timestamps: await openTimestamps(open, trustRootOf(open, note), note),
    store,
    note,
  };
  for (const { waiver, subjects, about, demands } of waivers) {
    const signed = await publishStatement(
      writeWaiver(waiver),
      WAIVER,
      subjects,
      recordOf(about, demands, options, requirement),
      speaking,
      retainOf(demands),
    );
    printLines([
      `${person.person.id} ${options.breakGlass ? 'broke the glass' : `waived ${requirement}`}: evidence ${signed.evidence}`,
    ]);
    const data = {
      person: person.person.id,
      environment: options.environment ?? 'default',
      reason: options.reason,
      expires,
      evidence: signed.evidence,
      artifacts: about.slice(0, 50).map(({ name, digest }) => ({ name, digest })),
      ...(requirement === undefined ? {} : { requirement }),
    };
    await tellOf(open, options.breakGlass ? 'break-glass' : 'waiver', data, note);
  }
  printLines(standingLines(await judge(), isMeant));
  return EXIT.allow;
}

/** The outcomes a waiver is about: one requirement, or all that can be waived. */
function meant(demanded: readonly Required[], requirement: string | undefined): (outcome: Outcome) => boolean {
  const waivable = demanded.flatMap(({ requirements }) => requirements.filter((one) => one.waivable).map(({ id }) => id));
  return (outcome) => (requirement === undefined ? waivable.includes(outcome.requirement) : outcome.requirement === requirement);
}

const SHOWN = 50;

/** What the waiver is of: these bytes, or whatever a rule matches. */
function aboutLines(artifacts: readonly Waived[], { wholeRule }: WaiveOptions): string[] {
  if (wholeRule) {
    const rules = artifacts.flatMap(({ required }) => required.rules[0] ?? []);
    const shown = rules.map(
      ({ name, where }) => `  of WHATEVER the rule ${name === undefined ? '' : `"${name}" `}at ${where} matches`,
    );
    return [...new Set(shown)];
  }
  const more = artifacts.length > SHOWN ? [`  … and ${artifacts.length - SHOWN} more`] : [];
  return [...artifacts.slice(0, SHOWN).flatMap(({ name, digest }) => [`  ${name}`, `    ${digest}`]), ...more];
}

/** What somebody rejected no waiver lets through, so none is signed. */
function refuseRejected(verdicts: readonly Verdict[]): void {
  for (const { artifact, outcomes } of verdicts) {
    const rejected = outcomes.find(({ code }) => code === 'rejected');
    if (rejected === undefined) continue;
    throw new SignwrightError('denied', `${artifact.name}: ${rejected.message}, which no waiver gets around`, {
      next: `nothing was signed; ${rejected.next?.text ?? 'release other bytes'}`,
    });
  }
}

function demanded(policy: Policy, artifact: ArtifactInHand, { environment }: WaiveOptions): Waived {
  const resolution = resolveArtifact(policy, { name: artifact.name, ...(environment === undefined ? {} : { environment }) });
  if (resolution.status === 'required') {
    refuseUnenforced(resolution.unenforced);
    return { ...artifact, required: resolution };
  }
  throw new SignwrightError(
    'denied',
    `${artifact.name}: the policy lets it go nowhere there (${resolution.status}), which nobody can waive`,
    {
      next: '"signwright policy explain NAME" shows why',
    },
  );
}

type ToSign = {
  readonly waiver: Waiver;
  readonly subjects: readonly Sha256[];
  /** The artifacts it names; a waiver of a rule names none. */
  readonly about: readonly Waived[];
  readonly demands: readonly Required['demands'][];
};

/** One statement over all bytes; of rules one each. */
function statementsOf(
  { policy }: OpenPolicy,
  artifacts: readonly Waived[],
  {
    requirement,
    expires,
    options,
    person,
  }: { requirement: string | undefined; expires: string; options: WaiveOptions; person: PersonRule },
): ToSign[] {
  const base = {
    person: person.id,
    given: new Date().toISOString(),
    environment: options.environment ?? 'default',
    ...(requirement === undefined ? { breakGlass: true as const } : { requirement }),
    reason: options.reason,
    expires,
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  };
  if (!options.wholeRule) {
    return [
      {
        waiver: { ...base, artifacts: artifacts.map(namedOf) },
        subjects: artifacts.map(({ digest }) => digest),
        about: artifacts,
        demands: artifacts.map(({ required }) => required.demands),
      },
    ];
  }
  const rules = new Map<string, Waived>();
  for (const artifact of artifacts) rules.set(`${artifact.required.rules[0]?.digest} ${artifact.required.digest}`, artifact);
  return [...rules.values()].map((artifact) => {
    const rule = artifact.required.rules[0]?.digest;
    if (rule === undefined) throw new TypeError('a requirement of no rule');
    return {
      waiver: { ...base, rule, requirements: artifact.required.digest },
      subjects: [rule],
      about: [],
      demands: [artifact.required.demands],
    };
  });
}

function recordOf(
  about: readonly Waived[],
  demands: readonly Required['demands'][],
  options: WaiveOptions,
  requirement: string | undefined,
) {
  const environment = options.environment ?? 'default';
  const artifacts = about.map(
    ({ name, digest, required }): RecordedArtifact => ({
      name,
      digest,
      kind: required.kind,
      tier: required.tiers.join(' + '),
      requirements: required.digest,
    }),
  );
  return {
    said: options.breakGlass ? 'break-glass' : 'waive',
    request: requestId({ artifacts, environment }),
    environment,
    artifacts,
    ...(requirement === undefined ? {} : { about: [requirement] }),
    audit: strictestAudit(demands),
  } as const;
}

function retainOf(demands: readonly Required['demands'][]): number {
  return Math.max(0, ...demands.map(({ retain }) => retain ?? 0));
}
