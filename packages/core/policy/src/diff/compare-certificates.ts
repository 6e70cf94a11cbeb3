import type { Certificates, PolicyFile, Profile } from '../generated/policy-file.ts';
import { secondsOf } from '../values/duration.ts';
import { type Difference, same, span, unknownDifferences } from './change.ts';

/** Compares who issues certificates, to whom, and on what proof. */
export function compareCertificates(
  { certificates: before }: PolicyFile,
  { certificates: after }: PolicyFile,
): readonly Difference[] {
  if (same(before, after)) return [];
  return [
    ...compareInventories(before, after),
    ...compareEach('authorities', before, after, {
      gained: (id): Difference => ({
        effect: 'different',
        text: `the authority ${id} is new: what it issues counts by the trust root`,
      }),
      lost: (id): Difference => ({ effect: 'stricter', text: `the authority ${id} issues no more` }),
      changed: (id): Difference[] => [{ effect: 'weaker', text: `the authority ${id} changed, and may be weaker` }],
    }),
    ...compareEach('profiles', before, after, {
      gained: (id, profile): Difference => ({
        effect: 'weaker',
        text: `certificates of the profile ${id} are issued: ${whom(profile)}`,
      }),
      lost: (id): Difference => ({ effect: 'stricter', text: `certificates of the profile ${id} are issued no more` }),
      changed: compareProfiles,
    }),
    ...(same(before?.alerts, after?.alerts)
      ? []
      : [{ effect: 'different' as const, key: 'alerts', text: 'when somebody is told that certificates expire changed' }]),
    ...unknownDifferences(before ?? {}, after ?? {}, ['inventory', 'authorities', 'profiles', 'alerts']),
  ];
}

/** Compares who may revoke. */
export function compareIncident({ incident: before }: PolicyFile, { incident: after }: PolicyFile): readonly Difference[] {
  if (same(before, after)) return [];
  if (after === undefined) return [{ effect: 'weaker', text: 'nobody may revoke certificates any more' }];
  if (before === undefined)
    return [{ effect: 'different', text: `people of the role ${after.role} may revoke certificates; nobody could` }];
  const text = `people of the role ${after.role} may revoke certificates instead of ${before.role}`;
  return [{ effect: 'weaker', text }, ...unknownDifferences(before, after, ['role'])];
}

/** What was revoked is known where it was kept. */
function compareInventories(before: Certificates | undefined, after: Certificates | undefined): Difference[] {
  if (before === undefined || after === undefined || before.inventory === after.inventory) return [];
  const text = 'the inventory is elsewhere: what was issued and revoked before is known there alone';
  return [{ effect: 'weaker', key: 'inventory', text }];
}

type Section = 'authorities' | 'profiles';
type Entry<S extends Section> = Certificates[S][string];

type Words<S extends Section> = {
  gained(id: string, entry: Entry<S>): Difference;
  lost(id: string): Difference;
  changed(id: string, before: Entry<S>, after: Entry<S>): Difference[];
};

function compareEach<S extends Section>(
  key: S,
  before: Certificates | undefined,
  after: Certificates | undefined,
  words: Words<S>,
): Difference[] {
  const entries = (of: Certificates | undefined): ReadonlyMap<string, Entry<S>> =>
    new Map(Object.entries(of?.[key] ?? {}) as [string, Entry<S>][]);
  const [was, is] = [entries(before), entries(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id) => {
    const [had, has] = [was.get(id), is.get(id)];
    if (had === undefined) return has === undefined ? [] : [words.gained(id, has)];
    if (has === undefined) return [words.lost(id)];
    return same(had, has) ? [] : words.changed(id, had, has);
  });
}

function whom({ workloads, roles, proof }: Profile): string {
  if (workloads !== undefined) return `to the workloads ${workloads.join(', ')}`;
  return `to people of ${(roles ?? []).join(', ')}, on ${(proof ?? []).join(' or ')}`;
}

function compareProfiles(id: string, before: Profile, after: Profile): Difference[] {
  const about = `the profile ${id}`;
  const [was, is] = [secondsOf(before.validity), secondsOf(after.validity)];
  const life: Difference[] =
    was === is
      ? []
      : [
          {
            effect: is > was ? 'weaker' : 'stricter',
            text: `${about}: its certificates live ${span(is)} instead of ${span(was)}`,
          },
        ];
  const authority: Difference[] =
    before.authority === after.authority
      ? []
      : [{ effect: 'weaker', text: `${about}: the authority ${after.authority} issues instead of ${before.authority}` }];
  const said: Difference[] = (['owner', 'purpose'] as const)
    .filter((key) => before[key] !== after[key])
    .map((key) => ({ effect: 'different', text: `${about}: its ${key} changed` }));
  return [
    ...life,
    ...authority,
    ...said,
    ...compareWords(
      before.proof,
      after.proof,
      (one) => `${about}: ${one} proves a request too`,
      (one) => `${about}: ${one} proves no request any more`,
    ),
    ...compareWords(
      before.roles,
      after.roles,
      (one) => `${about}: people of ${one} may ask too`,
      (one) => `${about}: people of ${one} may ask no more`,
    ),
    ...compareWords(
      before.workloads,
      after.workloads,
      (one) => `${about}: the workload ${one} may ask too`,
      (one) => `${about}: the workload ${one} may ask no more`,
    ),
    ...compareWords(
      before.keys ?? P256,
      after.keys ?? P256,
      (one) => `${about}: it takes keys of ${one} too`,
      (one) => `${about}: it takes keys of ${one} no more`,
    ),
    ...compareEnvironments(about, before.environments, after.environments),
    ...unknownDifferences(before, after, KNOWN),
  ];
}

const P256 = ['ecdsa-p256'];
const KNOWN = [
  'purpose',
  'authority',
  'validity',
  'keys',
  'environments',
  'owner',
  'workloads',
  'roles',
  'proof',
] as const satisfies readonly (keyof Profile)[];

/** Each entry lets somebody do something. */
function compareWords(
  before: readonly string[] = [],
  after: readonly string[] = [],
  gained: (one: string) => string,
  lost: (one: string) => string,
): Difference[] {
  return [
    ...after.filter((one) => !before.includes(one)).map((one): Difference => ({ effect: 'weaker', text: gained(one) })),
    ...before.filter((one) => !after.includes(one)).map((one): Difference => ({ effect: 'stricter', text: lost(one) })),
  ];
}

/** Without any, its certificates are for all. */
function compareEnvironments(
  about: string,
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): Difference[] {
  if (same(before, after)) return [];
  if (after === undefined) return [{ effect: 'weaker', text: `${about}: its certificates are for every environment` }];
  if (before === undefined) return [{ effect: 'stricter', text: `${about}: its certificates are for ${after.join(', ')} alone` }];
  return compareWords(
    before,
    after,
    (one) => `${about}: its certificates are for ${one} too`,
    (one) => `${about}: its certificates are not for ${one} any more`,
  );
}
