import { type ApprovalRequirement, type Outcome, requirementsOf, shellWord, type Verdict } from '@signwright/signing-core';
import type { LastApproved } from './last-approved.ts';
import type { OpenRequest } from './open-request.ts';

const SHOWN = 50;

/** What a request asks for, as whoever answers it is shown it: each artifact with its digest, and what is new since the last one. */
export function requestLines({ id, request, artifacts }: OpenRequest, last: LastApproved): string[] {
  const { environment, commit, requester } = request;
  return [
    `request ${id}`,
    `  to ${environment}${commit === undefined ? '' : `, from commit ${plain(commit)}`}${requester === undefined ? '' : `, asked for by ${plain(requester)} (as the run says)`}`,
    ...artifacts.slice(0, SHOWN).flatMap((artifact) => {
      const { name, kind, digest, required } = artifact;
      const since = last.compare(name, digest);
      const line = `  ${name} (${kind}, ${required.tiers.join(' + ')})`;
      return [line, `    ${digest}`, ...(since === undefined ? [] : [`    ${since}`])];
    }),
    ...(artifacts.length > SHOWN ? [`  … and ${artifacts.length - SHOWN} more: signwright approval show ${id}`] : []),
    ...last.lines,
  ];
}

/** What a run says of itself, which may be anything: so that it is not taken for words of ours. */
function plain(text: string): string {
  return /^[\w.:@/-]{1,100}$/.test(text) ? text : JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** What became of the approvals, or of other requirements, and who may still do what: each once, however many artifacts share it. */
export function standingLines(verdicts: readonly Verdict[], about: (outcome: Outcome) => boolean = isOfPeople): string[] {
  const standing = new Map<string, Standing>();
  for (const { artifact, outcomes } of verdicts) {
    for (const outcome of outcomes.filter(about)) {
      const { requirement, status, message, next } = outcome;
      const key = JSON.stringify([requirement, status, message, next?.text, next?.or?.text]);
      const names = standing.get(key)?.names ?? [];
      standing.set(key, { outcome: standing.get(key)?.outcome ?? outcome, names: [...names, artifact.name] });
    }
  }
  return [...standing.values()].flatMap((one) => linesOf(one, verdicts.length));
}

/** Whether nothing of people is missing any more, whatever else is. */
export function peopleAreDone(verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ outcomes }) =>
    outcomes.filter(isOfPeople).every(({ status }) => status === 'met' || status === 'waived'),
  );
}

type Standing = { readonly outcome: Outcome; readonly names: readonly string[] };

function isOfPeople({ requirement }: Outcome): boolean {
  return requirement.startsWith('approval:') || requirement === 'separation-of-duties';
}

function linesOf({ outcome: { requirement, status, message, next }, names }: Standing, total: number): string[] {
  const line = `  ${MARKS[status]} ${requirement}  ${status}: ${message}${names.length === total ? '' : ` (${namesOf(names)})`}`;
  if (next === undefined || status === 'met') return [line];
  const { or } = next;
  return [
    line,
    `      → ${next.text}`,
    ...(or === undefined ? [] : [`      → or ${or.text}: ${forAll(or.command ?? '', names)}`]),
  ];
}

const MARKS: Readonly<Record<Outcome['status'], string>> = { met: '✓', waived: '✓', unmet: '✗', pending: '…', inconclusive: '?' };
const NAMES_SHOWN = 3;

function namesOf(names: readonly string[]): string {
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
}

/** The command about the first of these artifacts, about all of them. */
function forAll(command: string, names: readonly string[]): string {
  const all = `${names.slice(0, NAMES_SHOWN).map(shellWord).join(' ')}${names.length > NAMES_SHOWN ? ' …' : ''}`;
  return command.replace(` ${shellWord(names[0] ?? '')} `, () => ` ${all} `);
}

/** The approvals that are demanded of any of the artifacts, each once. */
export function approvalsOf({ artifacts }: OpenRequest): ApprovalRequirement[] {
  const all = artifacts.flatMap(({ required }) => requirementsOf(required.requirements, 'approval') as ApprovalRequirement[]);
  return [...new Map(all.map((one) => [one.id, one])).values()];
}
