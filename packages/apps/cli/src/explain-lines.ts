import { type Explanation, explain, type Policy, type Resolution, type RuleRef } from '@signwright/policy';

/** Why the policy demands what it demands of an artifact, for people. */
export function explainLines(policy: Policy, resolution: Resolution): string[] {
  const { queries, requirements } = explain(policy, resolution);
  return [
    ...queries.flatMap(({ query, layers }) => [asked(query), ...layers.flatMap((layer) => layerLines(layer))]),
    ...answer(resolution, requirements),
  ];
}

/** The same for programs. */
export function explainData(policy: Policy, resolution: Resolution): object {
  const { queries, requirements } = explain(policy, resolution);
  if (resolution.status !== 'required') return { ...resolution, queries };
  const { status, kind, environment, tiers, digest, enforced, unenforced } = resolution;
  return { status, kind, environment: environment.id, tiers, requirements, digest, enforced, notEnforced: unenforced, queries };
}

type LayerExplanation = Explanation['queries'][number]['layers'][number];

function asked({ name, kind, environment }: Resolution['queries'][number]): string {
  return `${name}${kind === undefined ? '' : `, of kind ${kind}`}, for the environment ${environment ?? 'default'}`;
}

function layerLines({ layer, considered, rule, tiers }: LayerExplanation): string[] {
  const passed = considered.filter((one) => one.rule !== rule);
  return [
    `in ${layer}`,
    ...passed.map((one) => `  passed over ${describe(one.rule)}: ${one.match.replaceAll('-', ' ')}`),
    rule ? `  matched ${describe(rule)}` : '  no rule matches',
    ...(rule?.owner === undefined ? [] : [`    owner ${rule.owner}`]),
    ...(rule?.reason === undefined ? [] : [`    reason: ${rule.reason}`]),
    ...tiers.map(({ id, where }, depth) => `    ${depth === 0 ? 'tier' : 'which extends'} ${id} (${where})`),
  ];
}

function describe({ name, match, where }: RuleRef): string {
  return `${name === undefined ? '' : `"${name}" `}${match.join(', ')} (${where})`;
}

function answer(resolution: Resolution, origins: Explanation['requirements']): string[] {
  switch (resolution.status) {
    case 'required': {
      const demanded = resolution.requirements.map(({ id }) => {
        const from = origins.find(({ requirement }) => requirement === id)?.from ?? [];
        return `  ${id}, asked by ${from.map(({ tier, where }) => `${tier === undefined ? 'the rule' : `tier ${tier}`} (${where})`).join(' and ')}`;
      });
      const unenforced = resolution.unenforced.map(
        ({ key, where, what }) =>
          `  ${key} (${where}): ${what}; this version does not enforce it and will refuse to sign or verify`,
      );
      return [
        `it is a ${resolution.kind}, and what is demanded is`,
        ...demanded,
        ...unenforced,
        `requirements digest ${resolution.digest}`,
      ];
    }
    case 'unlisted':
      return [`refused: the policy does not list it (${resolution.hint})`];
    case 'never':
      return [`never signed nor released, says the rule at ${resolution.rule.where}`];
    case 'environment-not-listed':
      return [`refused: it may go to ${resolution.allowed.join(', ')} only`];
    case 'environment-needed':
      return [
        `what is demanded depends on where it is to go: give --environment ${resolution.choices.join(' or --environment ')}`,
      ];
  }
}
