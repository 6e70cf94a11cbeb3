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

/** A rule whose every pattern an earlier rule covers never decides anything. */
export function* deadRules({ content, source }: Subject): Generator<Problem> {
  const rules = content.artifacts ?? [];
  for (const [index, rule] of rules.entries()) {
    const earlier = rules.slice(0, index).map((other, at) => ({ at, kind: other.kind, patterns: patternsOf(other) }));
    const compatible = earlier.filter(({ kind }) => kind === undefined || kind === rule.kind);
    const hidden = patternsOf(rule).map((pattern) =>
      compatible.find(({ patterns }) => patterns.some((other) => covers(other, pattern))),
    );
    const by = hidden[0];
    if (by === undefined || hidden.includes(undefined)) continue;
    const places = [...new Set(hidden.map((one) => whereOf(source, ['artifacts', one?.at ?? 0])))];
    yield warningAt(
      source,
      ['artifacts', index],
      `the rule never decides: what it matches, the rule at ${places.join(' or ')} matches first`,
    );
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
