import { writeAtomic } from '@signwright/files';
import { nearestWord, refuseUnenforced, shownPolicy, unenforcedInRun } from '@signwright/policy';
import { type DrilledArtifact, type DrillReport, renderDrill } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { drillResult, drillSubject } from '../drill/run-drill.ts';
import type { Scenario } from '../drill/scenario.ts';
import { SCENARIOS } from '../drill/scenarios/list.ts';
import { substitutions } from '../drill/shadow-policy.ts';
import { signerOf, signReport } from '../drill/sign-report.ts';
import { chooseSubjects, type Passed, passedOver } from '../drill/subjects.ts';
import { EXIT, reportError } from '../exit.ts';
import { printLines, printNote } from '../print-lines.ts';
import { VERSION } from '../version.ts';

export type DrillOptions = PolicyOptions &
  PassphraseOptions & {
    readonly environment?: string;
    readonly artifact?: string;
    readonly output: 'text' | 'json' | 'junit';
    readonly out?: string;
    readonly list?: true;
    /** As which signer of the real policy the report is signed. */
    readonly signer?: string;
    /** Keeps the signed report in the evidence store. */
    readonly keep?: true;
    readonly evidence?: string;
    readonly quiet?: true;
  };

/**
 * `signwright drill`: rehearses failure on a shadow of the policy, with stand-ins for its keys, stores, people and services, and says what
 * should have happened, what did, and how long it took.
 *
 * @returns 1 where a control let something through, 3 where something could not be rehearsed.
 */
export async function drill(names: string[], options: DrillOptions, run: Run): Promise<number> {
  if (options.list) {
    printLines(SCENARIOS.map(({ id, title }) => `${id.padEnd(20)} ${title}`));
    return EXIT.allow;
  }
  checkOptions(options);
  const scenarios = scenariosOf(names);
  const started = new Date();
  const open = await openPolicy(options, started);
  refuseUnenforced(unenforcedInRun(open.policy));
  if (options.signer !== undefined) signerOf(open, options.signer);
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const artifacts: DrilledArtifact[] = [];
  const subjects = chooseSubjects(open.policy, options);
  for (const subject of subjects)
    artifacts.push(await drillSubject(open.policy, subject, scenarios, { signal: run.signal, note }));
  if (options.artifact === undefined)
    artifacts.push(...passedOver(open.policy, subjects, options).map((one) => unrehearsed(one, options, started)));
  const report = reportOf(open, artifacts, started);
  run.watch?.drill(report, open);
  await publish(report, options, note);
  const signed =
    options.signer === undefined ? EXIT.allow : await sign(report, open, { ...options, signer: options.signer }, run, note);
  // What was let through is told whether or not that could be signed.
  if (report.result === 'failed') return EXIT.deny;
  return signed === EXIT.allow && report.result === 'incomplete' ? EXIT.inconclusive : signed;
}

/** A rule that is not rehearsed is told of: its tier may have no control at all. */
function unrehearsed({ pattern, tier }: Passed, { environment }: DrillOptions, started: Date): DrilledArtifact {
  const why =
    'no file was found that this rule matches and none before it does; name one with --artifact (images are not rehearsed)';
  const baseline = { allowed: false, ms: 0, why };
  return {
    artifact: pattern,
    environment: environment ?? 'default',
    tiers: [tier],
    at: started.toISOString(),
    baseline,
    scenarios: [],
  };
}

function checkOptions({ signer, keep, out }: DrillOptions): void {
  if (keep && signer === undefined)
    throw new SignwrightError('usage', '--keep keeps a signed report, and nothing says who signs it', {
      next: 'add --signer ID',
    });
  if (signer !== undefined && out === undefined && !keep)
    throw new SignwrightError('usage', 'a signed report has to go somewhere', { next: 'add --out FILE, or --keep' });
}

/** @throws SignwrightError `usage` for a name that is none. */
function scenariosOf(names: readonly string[]): readonly Scenario[] {
  const known = SCENARIOS.map(({ id }) => id);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    const near = nearestWord(wrong, known);
    throw new SignwrightError('usage', `there is no scenario ${JSON.stringify(wrong)}`, {
      next: `${near === undefined ? '' : `did you mean ${near}? `}there are ${known.join(', ')}`,
    });
  }
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter(({ id }) => names.includes(id));
}

function reportOf({ policy, file }: OpenPolicy, artifacts: readonly DrilledArtifact[], started: Date): DrillReport {
  const { name, serial, digest, layers } = policy;
  return {
    version: 1,
    result: drillResult(artifacts),
    at: started.toISOString(),
    program: VERSION,
    policy: {
      file: shownPolicy(file),
      ...(name === undefined ? {} : { name }),
      ...(serial === undefined ? {} : { serial }),
      digest,
    },
    substituted: substitutions(layers.map(({ content }) => content)),
    artifacts,
  };
}

/** Prints or writes the report. */
async function publish(report: DrillReport, { out, output, signer }: DrillOptions, note: (line: string) => void): Promise<void> {
  const text = renderDrill(report, output);
  if (out === undefined) process.stdout.write(text);
  else {
    await writeAtomic(out, Buffer.from(text));
    note(`${report.result}: the report is in ${out}`);
  }
  if (signer === undefined) note('the report is not signed');
}

/** @returns the exit code where it cannot be signed: what was rehearsed stands. */
async function sign(
  report: DrillReport,
  open: OpenPolicy,
  options: DrillOptions & { readonly signer: string },
  run: Run,
  note: (line: string) => void,
): Promise<number> {
  const { out, signer, keep } = options;
  try {
    const { bytes, evidence } = await signReport(open, report, options, run, note);
    if (out !== undefined) await writeAtomic(`${out}.sigstore.json`, bytes);
    const places = [...(out === undefined ? [] : [`${out}.sigstore.json`]), ...(keep ? ['the evidence store'] : [])];
    note(`signed as ${signer}, evidence ${evidence}, in ${places.join(' and ')}`);
    return EXIT.allow;
  } catch (error) {
    note('the report is not signed');
    return reportError(error);
  }
}
