import type { Member } from '../generated/policy-file.ts';
import { memberId } from '../load/people.ts';
import { problemAt, warningAt } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import { instantOf } from '../values/instant.ts';
import { entriesOf, type Subject } from './subject.ts';

type Span = { readonly from?: string; readonly until?: string };

/** Nobody is of a role twice at once: they would look like two. */
export function* membersAreDistinct({ content, source }: Subject): Generator<Problem> {
  for (const [id, members] of entriesOf(content.roles)) {
    const ends = new Map<string, number>();
    const inTime = members.map((member, index) => ({ person: memberId(member), index, span: spanOf(member) }));
    for (const { person, index, span } of inTime.sort((a, b) => begin(a.span) - begin(b.span) || a.index - b.index)) {
      const before = ends.get(person);
      if (before !== undefined && begin(span) < before) {
        const message = `"${person}" is of the role "${id}" already: list each person once, or again for a later time ("from", "until")`;
        yield problemAt(source, ['roles', id, index], message);
      }
      ends.set(person, Math.max(before ?? Number.NEGATIVE_INFINITY, end(span)));
    }
  }
}

function spanOf(member: Member): Span {
  return typeof member === 'string' ? {} : member;
}

function begin({ from }: Span): number {
  return from === undefined ? Number.NEGATIVE_INFINITY : instantOf(from);
}

function end({ until }: Span): number {
  return until === undefined ? Number.POSITIVE_INFINITY : instantOf(until);
}

/**
 * As many people are of a role today as must approve. A warning and no error: people leave, and what they approved before must still be
 * verified by the policy.
 */
export function* rolesHavePeopleToday({ content, source, scope, now }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    for (const { role, count } of resolveTier(scope, id, '').demands.approvals) {
      const members = scope.roles.get(role)?.value ?? [];
      const today = new Set(members.filter((one) => isNow(spanOf(one), now.getTime())).map(memberId));
      if (today.size >= count || new Set(members.map(memberId)).size < count) continue;
      const path = ['tiers', id, ...(tier.approvals === undefined ? [] : ['approvals'])];
      const found = `${today.size} of its people ${today.size === 1 ? 'is' : 'are'} of it today`;
      yield warningAt(source, path, `${count} of the role "${role}" must approve, but ${found}: nothing new will be approved`);
    }
  }
}

function isNow(span: Span, now: number): boolean {
  return begin(span) <= now && now < end(span);
}
