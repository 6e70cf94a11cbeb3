import { compileGlob, messageOf } from '@signwright/signing-core';
import { patternsOf } from '../load/rules.ts';
import { problemAt, type Source, warningAt, whereOf } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import { costOfCovers, covers } from './covers.ts';
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

/** Stars in a pattern, at the most; its length is the schema's. Both bound the time that matching takes. */
const MAX_STARS = 8;

/** What is wrong with a pattern, if anything. */
export function* globProblem(source: Source, path: Path, pattern: string): Generator<Problem> {
  try {
    compileGlob(pattern);
  } catch (error) {
    yield problemAt(source, path, messageOf(error));
  }
  const stars = pattern.match(/\*+/g)?.length ?? 0;
  if (stars <= MAX_STARS) return;
  const message = `the pattern has ${stars} stars, and may have ${MAX_STARS} at the most ("**" counts as one): write two patterns, or a shorter one`;
  yield problemAt(source, path, message);
}

/** Characters of all patterns with stars together, at the most: each may be held against each name. */
const MAX_PATTERNS = 200_000;

/** Matching a name stays cheap, whatever a file lists. */
export function* patternsAreFew({ content, source }: Subject): Generator<Problem> {
  const starred = (content.artifacts ?? []).flatMap((rule) => patternsOf(rule).filter((pattern) => pattern.includes('*')));
  const length = starred.reduce((sum, pattern) => sum + pattern.length, 0);
  if (length <= MAX_PATTERNS) return;
  const message = `the patterns with stars have ${length} characters together, and may have ${MAX_PATTERNS} at the most: write fewer and wider ones`;
  yield problemAt(source, ['artifacts'], message);
}

/** Steps of holding patterns against one another, at the most: a warning is not worth more time. */
const MAX_STEPS = 100_000_000;

/**
 * A rule whose every pattern an earlier rule covers never decides anything; where the two differ in kind, it decides nothing of files in
 * hand, for those have no kind yet and go by their names.
 */
export function* deadRules({ content, source }: Subject): Generator<Problem> {
  const rules = (content.artifacts ?? []).map((rule) => ({ kind: rule.kind, patterns: patternsOf(rule) }));
  let steps = 0;
  for (const [index, { kind, patterns }] of rules.entries()) {
    const earlier = rules
      .slice(0, index)
      .flatMap((rule, at) =>
        rule.kind === undefined || rule.kind === kind || ![rule.kind, kind].includes('image') ? [{ at, rule }] : [],
      );
    const hidden = patterns.map((pattern) =>
      earlier.find(({ rule }) =>
        rule.patterns.some((wider) => {
          steps += Math.max(10, costOfCovers(wider, pattern));
          return steps <= MAX_STEPS && covers(wider, pattern);
        }),
      ),
    );
    if (steps > MAX_STEPS) return;
    if (hidden.includes(undefined)) continue;
    const places = [...new Set(hidden.map((one) => whereOf(source, ['artifacts', one?.at ?? 0])))];
    const byKind = hidden.some((one) => one?.rule.kind !== undefined && one.rule.kind !== kind);
    const says = byKind
      ? `the rule decides nothing of files in hand: they go by their names, and the rule at ${places.join(' or ')} matches those first`
      : `the rule never decides: what it matches, the rule at ${places.join(' or ')} matches first`;
    yield warningAt(source, ['artifacts', index], says);
  }
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
