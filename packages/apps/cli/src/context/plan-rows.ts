import { inferKind, type Policy, resolveArtifact } from '@signwright/policy';
import type { PlanRow } from '@signwright/report';

/** What the policy says of one name, as a row of the plan. */
export function planRow(policy: Policy, query: { readonly name: string; readonly environment?: string }): PlanRow {
  const resolution = resolveArtifact(policy, query);
  const row = { name: query.name, kind: inferKind(query.name), status: resolution.status, tiers: [], requirements: [] } as const;
  switch (resolution.status) {
    case 'required': {
      const [rule] = resolution.rules;
      const unenforced = resolution.unenforced.map(({ key }) => `not enforced yet: ${key}`);
      return {
        ...row,
        kind: resolution.kind,
        tiers: resolution.tiers,
        requirements: [...resolution.requirements.map(({ id }) => id), ...unenforced],
        ...ruleOf(rule),
      };
    }
    case 'never':
    case 'environment-not-listed':
      return { ...row, ...ruleOf(resolution.rule) };
    default:
      return row;
  }
}

type Rule = { readonly name?: string; readonly where: string; readonly owner?: string; readonly reason?: string };

function ruleOf(rule: Rule | undefined): Partial<PlanRow> {
  if (!rule) return {};
  const { name, where, owner, reason } = rule;
  return {
    rule: { where, ...(name === undefined ? {} : { name }) },
    ...(owner === undefined ? {} : { owner }),
    ...(reason === undefined ? {} : { reason }),
  };
}
