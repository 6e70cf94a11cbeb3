import { seatPeople } from '@signwright/signing-core';
import type { Person } from '../generated/policy-file.ts';
import { memberId } from '../load/people.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import type { Scope } from '../scope.ts';
import { onPlatform } from './duties.ts';
import { entriesOf, type Subject } from './subject.ts';

/** The approvals of a tier can be given: enough people in each role, and different people for all of them together. */
export function* rolesCanBeMet({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id] of entriesOf(content.tiers)) {
    const { approvals } = resolveTier(scope, id, '').demands;
    const needed = new Map<string, { role: string; count: number; kind: 'signed' | 'platform' }>();
    let each = true;
    for (const approval of approvals) {
      if (!scope.roles.has(approval.role)) continue;
      const able = peopleFor(scope, approval.role, approval.kind);
      if (able.length < approval.count) {
        each = false;
        const means = approval.kind === 'signed' ? 'an SSH key or certificate to sign with' : 'an account on a platform';
        const message = `${approval.count} of the role "${approval.role}" must approve, but ${able.length} of its people ${able.length === 1 ? 'has' : 'have'} ${means}`;
        yield problemAt(
          source,
          content.tiers?.[id]?.approvals === undefined ? ['tiers', id] : ['tiers', id, 'approvals'],
          message,
        );
      }
      const before = needed.get(approval.role);
      if (before === undefined || approval.count > before.count) needed.set(approval.role, approval);
    }
    const seats = [...needed.values()].flatMap(({ role, count, kind }) =>
      Array.from({ length: count }, () => peopleFor(scope, role, kind)),
    );
    if (each && !canSeat(seats)) {
      const roles = [...needed.values()].map(({ role, count }) => `${count} of "${role}"`).join(', ');
      const path = content.tiers?.[id]?.approvals === undefined ? ['tiers', id] : ['tiers', id, 'approvals'];
      yield problemAtKey(
        source,
        path,
        `the approvals (${roles}) need different people, and these roles do not have enough between them`,
      );
    }
  }
}

/** Waivers, and breaking the glass, take no more people than their roles have. */
export function* countsCanBeMet({ content, source, scope }: Subject): Generator<Problem> {
  const asked: { path: Path; role: string; count: number }[] = [];
  if (content.waivers !== undefined)
    asked.push({ path: ['waivers'], role: content.waivers.role, count: content.waivers.count ?? 1 });
  for (const [id, tier] of entriesOf(content.tiers)) {
    const glass = tier['break-glass'];
    if (glass !== undefined) asked.push({ path: ['tiers', id, 'break-glass'], role: glass.role, count: glass.count ?? 1 });
  }
  for (const { path, role, count } of asked) {
    const able = peopleFor(scope, role, 'signed').length;
    if (!scope.roles.has(role) || able >= count) continue;
    yield problemAt(source, [...path, 'count'], `${count} of the role "${role}" are needed, but ${able} of its people can sign`);
  }
}

function peopleFor(scope: Scope, role: string, kind: 'signed' | 'platform'): string[] {
  return [...new Set((scope.roles.get(role)?.value ?? []).map(memberId))].filter((id) => {
    const person = scope.people.get(id)?.value;
    return person === undefined || (kind === 'signed' ? canSign(person) : onPlatform(person) || canSign(person));
  });
}

function canSign(person: Person): boolean {
  return person.ssh !== undefined || person.certificate !== undefined;
}

/** Whether every seat can have somebody of its own. */
function canSeat(seats: readonly (readonly string[])[]): boolean {
  const able = seats.map((people) => new Set(people));
  return !seatPeople(able, seats.flat()).includes(undefined);
}
