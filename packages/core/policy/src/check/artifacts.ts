import { compileGlob, messageOf } from '@signwright/signing-core';
import { patternsOf } from '../load/rules.ts';
import { problemAt, type Source, warningAt, whereOf } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import { covers } from './covers.ts';
import { entriesOf, type Subject } from './subject.ts';

/** Patterns can be matched by some name. */
export function* patternsAreValid({ content, source }: Subject): Generator<Problem> {
  for (const [index, artifact] of (content.artifacts ?? []).entries()) {
    const single = typeof artifact.match === 'string';
    for (const [at, pattern] of patternsOf(artifact).entries()) {
      const path = ['artifacts', index, 'match', ...(single ? [] : [at])];
      yield* globProblem(source, path, pattern);
      const odd = pattern.split('/').find((part) => part === '' || part === '.' || part === '..');
      if (odd !== undefined)
        yield problemAt(
          source,
          path,
          `no name matches ${JSON.stringify(pattern)}: names are relative, without "", "." and ".." parts`,
        );
      if (pattern.includes('\\'))
        yield problemAt(source, path, `no name matches ${JSON.stringify(pattern)}: names have "/", not "\\"`);
      if (pattern.normalize('NFC') !== pattern) yield problemAt(source, path, 'not in Unicode normal form C, as all names are');
    }
  }
}

/** What is wrong with a pattern, if anything. */
export function* globProblem(source: Source, path: Path, pattern: string): Generator<Problem> {
  try {
    compileGlob(pattern);
  } catch (error) {
    yield problemAt(source, path, messageOf(error));
  }
}

/** Parts of patterns held against one another, at the most: a warning is not worth more time. */
const MAX_COMPARISONS = 2_000_000;

/** A rule whose every pattern an earlier rule covers never decides anything. */
export function* deadRules({ content, source }: Subject): Generator<Problem> {
  const rules = (content.artifacts ?? []).map((rule) => ({ kind: rule.kind, patterns: patternsOf(rule) }));
  let comparisons = 0;
  for (const [index, { kind, patterns }] of rules.entries()) {
    const earlier = rules
      .slice(0, index)
      .flatMap((rule, at) => (rule.kind === undefined || rule.kind === kind ? [{ at, rule }] : []));
    const hidden = patterns.map((pattern) =>
      earlier.find(({ rule }) =>
        rule.patterns.some((wider) => {
          comparisons += partsOf(wider) * partsOf(pattern);
          return comparisons <= MAX_COMPARISONS && covers(wider, pattern);
        }),
      ),
    );
    if (comparisons > MAX_COMPARISONS) return;
    if (hidden.includes(undefined)) continue;
    const places = [...new Set(hidden.map((one) => whereOf(source, ['artifacts', one?.at ?? 0])))];
    yield warningAt(
      source,
      ['artifacts', index],
      `the rule never decides: what it matches, the rule at ${places.join(' or ')} matches first`,
    );
  }
}

function partsOf(pattern: string): number {
  return pattern.includes('*') ? pattern.split('/').length : 1;
}

/** A tier that no rule leads to demands nothing of anything. */
export function* tiersAreUsed({ content, source, scope, top }: Subject): Generator<Problem> {
  if (!top) return;
  const named = (content.artifacts ?? []).flatMap(({ tier }) =>
    tier === undefined ? [] : typeof tier === 'string' ? [tier] : Object.values(tier),
  );
  const used = new Set(named.flatMap((id) => resolveTier(scope, id, '').chain));
  for (const [id] of entriesOf(content.tiers)) {
    if (!used.has(id)) yield warningAt(source, ['tiers', id], `no rule under "artifacts" leads to the tier "${id}"`);
  }
}
