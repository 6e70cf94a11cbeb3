import { KINDS } from '@signwright/signing-core';
import type { Environment, Member, Tier } from '../generated/policy-file.ts';
import type { Layer, Policy } from '../policy.ts';
import { type Definition, type Scope, SECTION_WORDS, type Section } from '../scope.ts';
import { type Change, changeAt, type Difference, type Effect, type Place, same, unknownDifferences } from './change.ts';
import { compareDemands, signersFor } from './compare-demands.ts';
import { topTier } from './compare-rules.ts';
import { compareSigners, compareWorkloads } from './compare-signers.ts';

type Pair = readonly [before: Policy, after: Policy];

/** Compares everything that has a name: tiers, signers, workloads, people, roles, identities, environments. */
export function compareNames(policies: Pair): Change[] {
  const [before, after] = policies;
  const signerOf = (policy: Policy, id: string) => policy.signers.get(id);
  return [
    ...compareTierSections(policies),
    ...section('signers', policies, UNUSED, (id, was, is) => {
      const [a, b] = [signerOf(before, id), signerOf(after, id)];
      return a === undefined || b === undefined ? [] : compareSigners([a, b], [was, is]);
    }),
    ...section('workloads', policies, UNUSED, (_, was, is) => compareWorkloads(was, is)),
    ...section('people', policies, UNUSED, (id, was, is) =>
      same(was, is) ? [] : [{ effect: 'weaker', text: `how ${id} is recognised changed, and may be weaker` }],
    ),
    ...section('roles', policies, UNUSED, (_, was, is) => compareMembers(was.map(memberText), is.map(memberText))),
    ...section('identities', policies, UNUSED, (id, was, is) =>
      same(was, is) && before.vendors.get(id)?.rootDigest === after.vendors.get(id)?.rootDigest
        ? []
        : [{ effect: 'weaker', text: 'how it is recognised changed, and may be weaker' }],
    ),
    ...compareEnvironments(policies),
  ];
}

/** A member as people read it; with other times it is another. */
function memberText(member: Member): string {
  if (typeof member === 'string') return member;
  const { person, from, until } = member;
  return [person, ...(from === undefined ? [] : [`from ${from}`]), ...(until === undefined ? [] : [`until ${until}`])].join(' ');
}

/** What comes or goes demands nothing and lets nobody in until something that is compared names it. */
const UNUSED = { added: ['different', 'is new'], removed: ['different', 'is gone'] } as const;

type Values = { readonly [S in Section]: Scope[S] extends ReadonlyMap<string, Definition<infer T>> ? T : never };
type Told = { readonly [when in 'added' | 'removed']: readonly [Effect, string] };

function section<S extends Section>(
  name: S,
  [before, after]: Pair,
  told: Told,
  compare: (id: string, was: Values[S], is: Values[S]) => readonly Difference[],
): Change[] {
  const [had, has] = [scopeOf(before)[name], scopeOf(after)[name]] as unknown as readonly [
    ReadonlyMap<string, Definition<Values[S]>>,
    ReadonlyMap<string, Definition<Values[S]>>,
  ];
  return [...new Set([...had.keys(), ...has.keys()])].flatMap((id) => {
    const [was, is] = [had.get(id), has.get(id)];
    const about = `${SECTION_WORDS[name]} ${id}`;
    const places = [placeOf(was, name, id), placeOf(is, name, id)] as const;
    if (was !== undefined && is !== undefined)
      return compare(id, was.value, is.value).map((difference) => changeAt(about, difference, ...places));
    const [effect, text] = was === undefined ? told.added : told.removed;
    return [changeAt(about, { effect, text }, ...places)];
  });
}

function placeOf(definition: Definition<unknown> | undefined, name: Section, id: string): Place {
  return definition === undefined ? undefined : { source: definition.source, path: [name, id] };
}

function scopeOf(policy: Policy): Scope {
  return (policy.layers.at(-1) as Layer).scope;
}

const TIER_KEYS = [
  'extends',
  'signatures',
  'audit',
  'approvals',
  'approvals-expire',
  'separation-of-duties',
  'attestations',
  'windows',
  'freezes',
  'break-glass',
  'retain',
  'mode',
  'until',
] as const satisfies readonly (keyof Tier)[];

function compareTierSections(policies: Pair): Change[] {
  const [before, after] = policies;
  return section('tiers', policies, UNUSED, (id, was, is) => {
    const [a, b] = [topTier(before, id), topTier(after, id)];
    const admitted = KINDS.filter((kind) => signersFor(a, kind).length === 0 && signersFor(b, kind).length > 0);
    const text = `nobody signed a ${admitted.join(', ')}, so it was refused; now it is let through where it is signed`;
    return [
      ...compareDemands(a, b),
      ...(admitted.length === 0 ? [] : [{ effect: 'weaker' as const, key: 'signatures', text }]),
      ...unknownDifferences(was, is, TIER_KEYS),
    ];
  });
}

function compareMembers(before: readonly string[], after: readonly string[]): Difference[] {
  const gained = after.filter((id) => !before.includes(id));
  const lost = before.filter((id) => !after.includes(id));
  return [
    ...gained.map((id): Difference => ({ effect: 'weaker', text: `${id} has it too` })),
    ...lost.map((id): Difference => ({ effect: 'stricter', text: `${id} has it no more` })),
  ];
}

/** The environment `default` always exists, with or without a line of its own. */
function compareEnvironments(policies: Pair): Change[] {
  const [had, has] = policies.map((policy) => scopeOf(policy).environments) as [Scope['environments'], Scope['environments']];
  return [...new Set([...had.keys(), ...has.keys()])].flatMap((id) => {
    const always = id === 'default';
    const [was, is] = [had.get(id), has.get(id)];
    const about = `environment ${id}`;
    const places = [placeOf(was, 'environments', id), placeOf(is, 'environments', id)] as const;
    if (was === undefined && !always)
      return [changeAt(about, { effect: 'weaker', text: 'is new: what goes there was refused' }, ...places)];
    if (is === undefined && !always)
      return [changeAt(about, { effect: 'stricter', text: 'is gone: what goes there is refused' }, ...places)];
    return compareEnvironment(was?.value ?? {}, is?.value ?? {}).map((one) => changeAt(about, one, ...places));
  });
}

function compareEnvironment(before: Environment, after: Environment): Difference[] {
  const key = 'allow-development';
  const [was, is] = [before[key] ?? false, after[key] ?? false];
  return [
    ...(was === is
      ? []
      : is
        ? [{ effect: 'weaker' as const, key, text: 'what rests on a trial root may go there' }]
        : [{ effect: 'stricter' as const, key, text: 'what rests on a trial root may no longer go there' }]),
    ...unknownDifferences(before, after, [key]),
  ];
}
