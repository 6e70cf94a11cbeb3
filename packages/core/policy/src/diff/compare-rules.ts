import { KINDS, type Kind } from '@signwright/signing-core';
import type { Layer, Policy, Rule } from '../policy.ts';
import { resolveTier, type TierDemands } from '../resolve-tier.ts';
import { type Change, changeAt, type Place } from './change.ts';
import { compareDemands, signersFor } from './compare-demands.ts';
import { createSelectors, type Selectors } from './selector.ts';

const MAX_PAIRS = 250_000;

/** A layer of each policy at the same height, and the environments to compare in. */
export type LayerPair = {
  readonly before: Layer;
  readonly after: Layer;
  /** Whether what no rule lists is refused, rather than left as it is. */
  readonly base: boolean;
  readonly environments: readonly string[];
};

/** What becomes of an artifact by one rule; of a local file's, also nothing. */
type Outcome =
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'nothing' }
  | { readonly is: 'vendor'; readonly id: string }
  | { readonly is: 'tier'; readonly id: string; readonly byPlace: boolean };

/**
 * Compares the rules of two layers: for every pair of rules that one artifact can fall under, before and after, what they lead to. That
 * a tier itself changed is told of the tier.
 */
export function compareRules(pair: LayerPair, policies: readonly [before: Policy, after: Policy]): Change[] {
  const { before, after } = pair;
  if ((before.rules.length + 1) * (after.rules.length + 1) > MAX_PAIRS) {
    const text = 'there are too many rules to compare them, so some may be weaker';
    return [{ effect: 'weaker', about: `rules of ${after.name}`, text }];
  }
  const selectors = createSelectors();
  const changes = new Map<string, Change>();
  for (const [was, is] of pairsOf(before.rules, after.rules, selectors)) {
    for (const change of comparePair(was, is, pair, policies))
      changes.set(`${change.effect} ${change.about} ${change.text}`, change);
  }
  return [...changes.values(), ...aside(before.rules, after.rules, pair)];
}

/** The pairs of rules, or of a rule and none, that an artifact can fall under first. */
function* pairsOf(
  before: readonly Rule[],
  after: readonly Rule[],
  selectors: Selectors,
): Generator<[Rule | undefined, Rule | undefined]> {
  const hiddenAfter = before.map((rule) => after.findIndex((one) => selectors.covers(one, rule)));
  const hiddenBefore = after.map((rule) => before.findIndex((one) => selectors.covers(one, rule)));
  for (const [i, was] of before.entries()) {
    const lastAfter = hiddenAfter[i] ?? -1;
    for (const [j, is] of after.entries()) {
      if (lastAfter >= 0 && j > lastAfter) break;
      const lastBefore = hiddenBefore[j] ?? -1;
      if ((lastBefore >= 0 && i > lastBefore) || selectors.disjoint(was, is)) continue;
      yield [was, is];
    }
    if (lastAfter < 0) yield [was, undefined];
  }
  for (const [j, is] of after.entries()) if ((hiddenBefore[j] ?? -1) < 0) yield [undefined, is];
}

function* comparePair(
  was: Rule | undefined,
  is: Rule | undefined,
  pair: LayerPair,
  policies: readonly [before: Policy, after: Policy],
): Generator<Change> {
  const about = `rule ${(is ?? was)?.reference.match.join(', ')}`;
  const places = [placeOf(pair.before, was), placeOf(pair.after, is)] as const;
  const kinds = kindPairs(was?.reference.kind, is?.reference.kind);
  for (const environment of pair.environments) {
    const [a, b] = [outcomeOf(was, environment, pair.base), outcomeOf(is, environment, pair.base)];
    const from =
      was === undefined || is === undefined || was.reference.match.join() === is.reference.match.join()
        ? ''
        : `what also matches ${was.reference.match.join(', ')} `;
    for (const { effect, text } of compareOutcomes(a, b, { kinds, base: pair.base, policies })) {
      const where = pair.environments.length === 1 ? '' : ` in ${environment}`;
      yield changeAt(about, { effect, text: `${from}${text}${where}` }, ...places);
    }
  }
}

type Said = { readonly effect: Change['effect']; readonly text: string };

/** What two outcomes are compared under. */
type Circumstances = {
  /** What an artifact may be taken for, before and after. */
  readonly kinds: readonly (readonly [Kind, Kind])[];
  readonly base: boolean;
  readonly policies: readonly [before: Policy, after: Policy];
};

function* compareOutcomes(a: Outcome, b: Outcome, circumstances: Circumstances): Generator<Said> {
  if (a.is === 'refused') {
    if (b.is !== 'refused') yield { effect: 'weaker', text: `was refused (${a.why}), and is let through on conditions` };
  } else if (b.is === 'refused') {
    yield { effect: 'stricter', text: `is refused (${b.why})` };
  } else if (a.is === 'nothing') {
    if (b.is !== 'nothing') yield { effect: 'stricter', text: `falls under the ${b.is} ${b.id} too` };
  } else if (b.is === 'nothing') {
    yield { effect: 'weaker', text: `no longer falls under the ${a.is} ${a.id}` };
  } else if (a.is === 'vendor' || b.is === 'vendor') {
    if (a.is === b.is && a.id === b.id) return;
    yield { effect: 'weaker', text: `falls under the ${b.is} ${b.id} instead of the ${a.is} ${a.id}, and that may be weaker` };
  } else {
    if (a.byPlace && !b.byPlace)
      yield { effect: 'weaker', text: 'has one tier for all environments: a signature for one of them counts in the others' };
    yield* compareTiers(a.id, b.id, circumstances);
  }
}

/** That a tier itself changed is told of the tier, so the same tier for the same kind is no difference here. */
function* compareTiers(was: string, is: string, { kinds, base, policies }: Circumstances): Generator<Said> {
  const [before, after] = [topTier(policies[0], was), topTier(policies[1], is)];
  const compared = was === is ? kinds.filter(([from, to]) => from !== to) : kinds;
  if (compared.length === 0) return;
  const others = was === is ? [] : compareDemands(before, after).filter(({ key }) => key !== 'signatures');
  const lost = new Set(others.filter(({ effect }) => effect === 'weaker').map(({ text }) => text));
  for (const [from, to] of compared) {
    const [had, has] = [signersFor(before, from), signersFor(after, to)];
    for (const one of had) if (!has.includes(one)) lost.add(`the signature of ${one} is not asked for`);
    if (base && had.length === 0 && has.length > 0) lost.add(`a ${from} was refused there`);
    if (from !== to && before.demands.attestations.some((one) => one.for !== undefined))
      lost.add('other attestations may be asked for');
  }
  const head = was === is ? `is taken for another kind in tier ${is}` : `falls under the tier ${is} instead of ${was}`;
  const more = compareDemands(before, after).some(({ effect }) => effect === 'stricter');
  if (lost.size > 0) yield { effect: 'weaker', text: `${head}: ${[...lost].join('; ')}` };
  else yield { effect: more ? 'stricter' : 'different', text: `${head}, which asks for ${more ? 'more' : 'the same'}` };
}

/** The kinds an artifact may be taken for before and after, by rules that say so or say nothing. */
function kindPairs(was: Kind | undefined, is: Kind | undefined): [Kind, Kind][] {
  const alike = KINDS.filter((kind) => (was ?? kind) === kind && (is ?? kind) === kind).map((kind): [Kind, Kind] => [kind, kind]);
  if (was === is) return alike;
  const [from, to] = [was === undefined ? KINDS : [was], is === undefined ? KINDS : [is]];
  return [...alike, ...from.flatMap((one) => to.filter((other) => other !== one).map((other): [Kind, Kind] => [one, other]))];
}

function outcomeOf(rule: Rule | undefined, environment: string, base: boolean): Outcome {
  if (rule === undefined) return base ? { is: 'refused', why: 'no rule lists it' } : { is: 'nothing' };
  const { target } = rule;
  if ('sign' in target) return { is: 'refused', why: 'sign: never' };
  if ('vendor' in target) return { is: 'vendor', id: target.vendor };
  if (typeof target.tier === 'string') return { is: 'tier', id: target.tier, byPlace: false };
  const id = Object.hasOwn(target.tier, environment) ? target.tier[environment] : undefined;
  return id === undefined ? { is: 'refused', why: 'the rule names no tier for it' } : { is: 'tier', id, byPlace: true };
}

/** A tier with all it extends; names mean the same in every layer that has them. */
export function topTier(policy: Policy, id: string): TierDemands {
  const top = policy.layers.at(-1) as Layer;
  return resolveTier(top.scope, id, '');
}

function placeOf({ source }: Layer, rule: Rule | undefined): Place {
  return rule === undefined ? undefined : { source, path: ['artifacts', rule.index] };
}

/** What rules say beside what they demand. */
function aside(before: readonly Rule[], after: readonly Rule[], pair: LayerPair): Change[] {
  return after.flatMap((is) => {
    const was = before.find(
      ({ reference }) => reference.match.join() === is.reference.match.join() && reference.kind === is.reference.kind,
    );
    if (was === undefined) return [];
    const keys = (['name', 'owner', 'reason'] as const).filter((key) => was.reference[key] !== is.reference[key]);
    const about = `rule ${is.reference.match.join(', ')}`;
    return keys.map((key) =>
      changeAt(
        about,
        { effect: 'different', key, text: `its ${key} changed` },
        placeOf(pair.before, was),
        placeOf(pair.after, is),
      ),
    );
  });
}
