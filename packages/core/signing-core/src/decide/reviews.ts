import type { Sha256 } from '../formats/digest.ts';
import { isMember, peopleOf, personOf, whyNotTheirs } from '../match-person.ts';
import { type Requirement, type RoleRule, requirementsOf } from '../requirement.ts';
import type { Outcome } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';

/**
 * The waivers that broke the glass and that nobody has reviewed: earlier ones, and those these outcomes rest on. A review is by somebody
 * who may approve or waive here, and who did not break the glass themselves.
 */
export function unreviewedWaivers(
  outcomes: readonly Outcome[],
  requirements: readonly Requirement[],
  context: DecisionContext,
): readonly Sha256[] {
  const used = new Set(outcomes.filter(({ code }) => code === 'waived').flatMap(({ evidence }) => evidence));
  const broke = new Map(
    (context.statements ?? []).flatMap(({ said, evidence }) =>
      said.type === 'waiver' && said.waiver.breakGlass === true && used.has(evidence)
        ? [[evidence, said.waiver.person] as const]
        : [],
    ),
  );
  const earlier = context.unreviewed ?? [];
  if (broke.size === 0) return [...new Set(earlier)].sort();
  const breakers = new Set(broke.values());
  const { waivers, breakGlass = [] } = context.waivers ?? {};
  const roles = [
    ...requirementsOf(requirements, 'approval').map(({ role }) => role),
    ...[...(waivers ? [waivers] : []), ...breakGlass].map(({ role }) => role),
  ];
  const reviewed = new Set(
    (context.statements ?? []).flatMap((one) => (isReview(one, roles, breakers, context) ? one.said.review.waivers : [])),
  );
  return [...new Set([...earlier, ...[...broke.keys()].filter((evidence) => !reviewed.has(evidence))])].sort();
}

type StatedReview = VerifiedStatement & { readonly said: { readonly type: 'review' } };

function isReview(
  one: VerifiedStatement,
  roles: readonly RoleRule[],
  breakers: ReadonlySet<string>,
  context: DecisionContext,
): one is StatedReview {
  if (one.said.type !== 'review' || one.revocation !== undefined) return false;
  const person = personOf(one.author, peopleOf(roles));
  if (person === undefined || person.id !== one.said.review.person || breakers.has(person.id)) return false;
  if (!roles.some((role) => isMember(role, person.id, one.time.at))) return false;
  return (whyNotTheirs(one.author, one.time, person) ?? whyNotNow(one, context)) === undefined;
}
