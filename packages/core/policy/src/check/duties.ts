import type { Person } from '../generated/policy-file.ts';
import { memberId } from '../load/people.ts';
import { problemAtKey, type Source, warningAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import type { Scope } from '../scope.ts';
import { entriesOf, type Subject } from './subject.ts';

/** What platforms and histories say counts by the word of a verifier, so where it is needed somebody must be one. */
export function* collectorsAreNamed({ content, source, scope, bases }: Subject): Generator<Problem> {
  if ([content, ...bases.map((base) => base.content)].some(({ verifiers }) => (verifiers ?? []).length > 0)) return;
  for (const [id, tier] of entriesOf(content.tiers)) {
    const { separationOfDuties, approvals } = resolveTier(scope, id, '').demands;
    const needs = [
      ...(separationOfDuties.length > 0 ? ['separates duties'] : []),
      ...(approvals.some(({ kind }) => kind === 'platform') ? ['lets clicks on a platform count'] : []),
    ];
    if (needs.length === 0) continue;
    const key = tier['separation-of-duties'] === undefined ? [] : ['separation-of-duties'];
    const message = `the tier ${needs.join(' and ')}, so the policy must name "verifiers": their signers collect what platforms and histories say, and nobody else's word on it counts`;
    yield problemAtKey(source, ['tiers', id, ...key], message);
  }
}

/** People are recognised on a platform by their account: without one they cannot click, and nobody can tell them from an author. */
export function* approversAreKnown({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    const { separationOfDuties, approvals } = resolveTier(scope, id, '').demands;
    const roles = [...new Set(approvals.map(({ role }) => role))];
    const clicked = roles.filter((role) => approvals.some((one) => one.role === role && one.kind === 'platform'));
    if (separationOfDuties.length > 0) {
      const unknown = withoutAccount(scope, roles);
      const key = tier['separation-of-duties'] === undefined ? [] : ['separation-of-duties'];
      const why = 'nobody can tell whether they are the author or the requester, so their approvals will not count';
      yield* warning(source, ['tiers', id, ...key], unknown, why);
    } else {
      const key = tier.approvals === undefined ? [] : ['approvals'];
      yield* warning(source, ['tiers', id, ...key], withoutAccount(scope, clicked), 'no click of theirs will be recognised');
    }
  }
}

function* warning(source: Source, path: Path, people: readonly string[], why: string): Generator<Problem> {
  if (people.length === 0) return;
  const shown = people.length <= 5 ? people.join(', ') : `${people.slice(0, 5).join(', ')} and ${people.length - 5} more`;
  yield warningAt(source, path, `${shown}: no account on any platform (gitlab, github, jenkins, azure-devops): ${why}`);
}

function withoutAccount(scope: Scope, roles: readonly string[]): string[] {
  const members = roles.flatMap((role) => (scope.roles.get(role)?.value ?? []).map(memberId));
  return [...new Set(members)].filter((id) => {
    const person = scope.people.get(id)?.value;
    return person !== undefined && !onPlatform(person);
  });
}

/** Whether a platform knows the person, as far as the policy tells. */
export function onPlatform(person: Person): boolean {
  return [person.gitlab, person.github, person.jenkins, person['azure-devops']].some((account) => account !== undefined);
}
