import type { Layer, Policy, Rule } from '../policy.ts';
import type { Query } from './resolution.ts';

/** How a rule stands to an artifact. */
export type Match = 'matches' | 'name-differs' | 'kind-differs' | 'images-only';

/**
 * Whether a rule is for an artifact. A file in hand has no kind yet, and is matched by its name alone, but never by a rule for
 * images; where a signed part says a kind, it must be the rule's.
 */
export function matchRule(rule: Rule, query: Query): Match {
  if (!rule.matches(query.name)) return 'name-differs';
  if (rule.reference.kind === undefined || rule.reference.kind === query.kind) return 'matches';
  if (query.kind !== undefined) return 'kind-differs';
  return rule.reference.kind === 'image' ? 'images-only' : 'matches';
}

/** The first rule of a layer that is for an artifact. */
export function firstMatch(layer: Layer, query: Query): Rule | undefined {
  return layer.rules.find((rule) => matchRule(rule, query) === 'matches');
}

/** Characters of the patterns that are looked through again for a near miss, at the most. */
const MAX_HINTED = 10_000;

/** Why no rule of the base is for an artifact, as far as a near miss among its first rules tells. */
export function missHint(policy: Policy, query: Query): string {
  const rules = firstRules(policy.layers[0]?.rules ?? []);
  for (const rule of rules) {
    const match = matchRule(rule, query);
    if (match === 'images-only') return `the rule at ${rule.reference.where} matches its name, but is for images`;
    if (match === 'kind-differs') {
      return `the rule at ${rule.reference.where} matches its name, but is for kind ${rule.reference.kind}, not ${query.kind}`;
    }
  }
  const lower = query.name.toLowerCase();
  const other = rules.find((rule) => rule.matches(lower) || rule.matches(query.name.replace(/^\.\//, '')));
  if (other !== undefined)
    return `the rule at ${other.reference.where} would match were its name written in lower case without "./"`;
  const slash = query.name.lastIndexOf('/');
  const base = query.name.slice(slash + 1);
  const beside = rules.find((rule) => rule.reference.match.some((pattern) => pattern.endsWith(`/${base}`)));
  if (beside !== undefined) return `the rule at ${beside.reference.where} is for ${beside.reference.match.join(', ')}`;
  return 'no rule matches it: add one to "artifacts", or leave it out';
}

function firstRules(rules: readonly Rule[]): readonly Rule[] {
  let left = MAX_HINTED;
  return rules.filter(({ reference }) => {
    left -= reference.match.reduce((sum, pattern) => sum + pattern.length, 0);
    return left >= 0;
  });
}
