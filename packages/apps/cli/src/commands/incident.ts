import { writeAtomic } from '@signwright/files';
import { safeJson } from '@signwright/report';
import { type EvidenceBatches, type EvidenceStore, messageOf, SignwrightError } from '@signwright/signing-core';
import { crlCommand } from '../certificates/publish-crl.ts';
import { revokeCertificates } from '../certificates/revoke.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { EXIT } from '../exit.ts';
import { certificatesToRevoke, takeIn } from '../incident/certificates-to-revoke.ts';
import { findAffected } from '../incident/find-affected.ts';
import { type IncidentPlan, type IncidentReport, reportJson, toSay } from '../incident/plan.ts';
import { planCutOff } from '../incident/plan-cut-off.ts';
import { checkOwnKey, findRecord, recordIncident } from '../incident/record-incident.ts';
import { planReissue, reissueHere } from '../incident/reissue.ts';
import { doneLines, planLines } from '../incident/report-lines.ts';
import { findScope, type ScopeOptions } from '../incident/scope.ts';
import { tellOfIncident } from '../incident/tell-of-incident.ts';
import { checkReason } from '../people/check-reason.ts';
import { confirm } from '../people/confirm.ts';
import { openIncidentPerson } from '../people/incident-person.ts';
import type { PersonKey } from '../people/person-key.ts';
import { writeEdited } from '../policy-edit/write-edited.ts';
import { printLines, printNote } from '../print-lines.ts';

export type IncidentOptions = ScopeOptions &
  PassphraseOptions & {
    readonly why: string;
    readonly dryRun?: true;
    readonly reissue?: true;
    readonly output: 'text' | 'json';
    readonly out?: string;
    readonly policy: string;
    readonly anchor?: string;
    readonly evidence?: string;
    readonly crlOut?: string;
    readonly myKey?: string;
    readonly idTokenFile?: string;
    readonly authority?: string;
    readonly yes?: true;
    readonly quiet?: true;
  };

/**
 * `signwright incident`: the runbook of a compromise. What is affected → certificates revoked → cut off in policy and trust root →
 * recorded → told → issued anew. Each step leaves alone what was done before, so after a crash it is run again.
 */
export async function incident(options: IncidentOptions, run: Run): Promise<number> {
  checkReason(options.why);
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const open = await openPolicy(options, new Date());
  const plan = await planIncident(open, options, run);
  const person = options.dryRun ? undefined : await openOwnKey(open, plan, options, run);
  if (options.output === 'text') printLines(planLines(plan, options.dryRun ?? false));
  if (person === undefined) return finish({ plan, dryRun: true, failures: plan.affected.unread }, options);

  await confirm(`${person.person.id} (${person.where}): do all of this?`, options.yes ?? false, run.signal);
  const report = await act(open, plan, person, { ...options, note }, run);
  if (options.output === 'text') printLines(doneLines(report));
  return finish(report, options);
}

async function planIncident(open: OpenPolicy, options: IncidentOptions, { signal }: Run): Promise<IncidentPlan> {
  const { evidence, why } = options;
  const scope = await findScope(open, options);
  const affected = await findAffected(open, scope, { ...(evidence === undefined ? {} : { evidence }), signal });
  const certificates = await certificatesToRevoke(open, scope, options.certificate);
  const cutOff = await planCutOff(open, scope, why, new Date());
  const reissue = await planReissue(open, scope, [...certificates.wanted, ...certificates.before]);
  return { scope, why, affected, certificates, cutOff, reissue, file: open.file };
}

/** Whoever acts is of the role, and what they sign counts: it is not what is about to be cut off. */
async function openOwnKey(
  open: OpenPolicy,
  { scope }: IncidentPlan,
  options: IncidentOptions,
  { signal }: Run,
): Promise<PersonKey> {
  const { myKey, idTokenFile, authority } = options;
  const own = {
    ...(myKey === undefined ? {} : { key: myKey }),
    ...(idTokenFile === undefined ? {} : { idTokenFile }),
    ...(authority === undefined ? {} : { authority }),
  };
  const person = await openIncidentPerson(open, own, signal);
  checkOwnKey(person, scope.compromise.id);
  return person;
}

type Acting = IncidentOptions & { readonly note: (line: string) => void };

/** Does what is planned. A step that fails hinders none that is as urgent; the record is signed when everything it says is so. */
async function act(open: OpenPolicy, plan: IncidentPlan, person: PersonKey, options: Acting, run: Run): Promise<IncidentReport> {
  const failures: string[] = [...plan.affected.unread];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
      failures.push(`${what}: ${messageOf(error)}${error.next === undefined ? '' : ` (${error.next})`}`);
      return undefined;
    }
  };
  const revoked = await attempt('the certificates were not revoked', () => revoke(open, plan, person, options, run));
  for (const { authority, why } of revoked?.pending ?? [])
    failures.push(`no CRL of ${authority} was made here: ${why} (where its key is: ${crlCommand(authority)})`);
  const written = await attempt('the cut-off was not written', async () => {
    for (const { path, before, after } of plan.cutOff.edits) if (path !== undefined) await writeEdited(path, before, after);
    return plan.cutOff.edits.some(({ path, before, after }) => path !== undefined && before !== after);
  });
  const whole = plan.affected.unread.length === 0 && revoked !== undefined && written !== undefined;
  if (!whole) return { plan, person: person.person.id, failures, ...(revoked && { revoked }) };

  const recorded = await attempt('the record was not kept', () => record(open, plan, person, revoked.certificates, options));
  if (recorded === undefined) return { plan, person: person.person.id, failures, revoked };
  const untold = await tellOfIncident(open, plan, { person: person.person.id, record: recorded.evidence });
  failures.push(...untold);
  const reissued = options.reissue ? await reissueHere(open, plan.reissue, run, options) : [];
  for (const { profile, failed } of reissued)
    if (failed !== undefined) failures.push(`no new certificate of ${profile}: ${failed}`);
  return { plan, person: person.person.id, failures, revoked, recorded, reissued };
}

type Revoking = NonNullable<IncidentReport['revoked']>;

async function revoke(
  open: OpenPolicy,
  { scope, certificates, why }: IncidentPlan,
  person: PersonKey,
  options: Acting,
  run: Run,
): Promise<Revoking> {
  const { wanted, before, unknown } = certificates;
  const entries = unknown === undefined ? wanted : await takeIn(open, unknown);
  if (entries.length === 0) return { certificates: before, crls: [], pending: [], elsewhere: 0 };
  const { evidence, crlOut, passphraseEnv, passphraseFd, note } = options;
  const { crls, pending, elsewhere, order } = await revokeCertificates(open, run, {
    entries,
    reason: 'keyCompromise',
    why,
    person,
    note,
    ...(scope.since === undefined ? {} : { invalidFrom: new Date(scope.since) }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(crlOut === undefined ? {} : { out: crlOut }),
    ...(passphraseEnv === undefined ? {} : { passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
  });
  return { certificates: [...before, ...entries], order, crls, pending, elsewhere: elsewhere.length };
}

/** The trust root may wait for its owners' signatures by now: what it says of timestamp authorities still stands. */
async function record(
  open: OpenPolicy,
  plan: IncidentPlan,
  person: PersonKey,
  revoked: Revoking['certificates'],
  { evidence, note }: Acting,
) {
  const store: EvidenceStore & EvidenceBatches = await openEvidence(evidencePlace(open, evidence), open);
  const say = toSay(plan, revoked);
  const before = await findRecord(open, store, plan.affected, say);
  if (before !== undefined) return { ...before, before: true };
  if (open.trustRoot === undefined)
    throw new SignwrightError('policy', 'trust.root is missing: nothing says which timestamps count', { where: open.file });
  const timestamps = await openTimestamps(open, open.trustRoot, note);
  const kept = await recordIncident(plan.affected, say, { open, person, timestamps, store, note });
  return { evidence: kept, person: person.person.id, before: false };
}

async function finish(report: IncidentReport, { output, out, dryRun }: IncidentOptions): Promise<number> {
  const json = safeJson(reportJson(report));
  if (output === 'json') process.stdout.write(json);
  if (out !== undefined && !dryRun) await writeAtomic(out, json);
  for (const failure of report.failures) printNote(`not done: ${failure}`);
  if (report.failures.length === 0) return EXIT.allow;
  printNote(report.dryRun ? 'what could not be read may be affected too' : 'what was done stands; run it again for the rest');
  return EXIT.inconclusive;
}
