import { baseSigners } from '../base-signers.ts';
import type { Extends, PolicyFile } from '../generated/policy-file.ts';
import type { Layer, Policy } from '../policy.ts';
import { instantOf } from '../values/instant.ts';
import { type Change, changeAt, type Difference, type Place, same, unknownDifferences } from './change.ts';
import { compareCertificates, compareIncident } from './compare-certificates.ts';
import { compareRevocation } from './compare-revocation.ts';

/** The keys at the top of a policy that are compared as rules or by their names. */
const ELSEWHERE = ['artifacts', 'environments', 'people', 'roles', 'workloads', 'identities', 'signers', 'tiers'];

type Compare = (before: PolicyFile, after: PolicyFile) => readonly Difference[];

/** What is compared by its meaning; every other key of the two that differs may be weaker. */
const KNOWN: { readonly [key in keyof PolicyFile]?: Compare } = {
  version: () => [],
  name: (a, b) =>
    a.name === b.name
      ? []
      : [different(`it is called ${b.name ?? 'nothing'} instead of ${a.name ?? 'nothing'}: anchors name it`)],
  owner: (a, b) => (a.owner === b.owner ? [] : [different('its owner changed')]),
  serial: compareSerials,
  delegates: (a, b) => compareLists(a.delegates ?? [], b.delegates ?? [], (key) => `files that build on it settle ${key} too`),
  'invalidate-before': compareInvalidating,
  extends: (a, b) => compareExtends(a, b),
  trust: compareTrust,
  evidence: (a, b) => compareEvidence(a.evidence, b.evidence),
  releases: (a, b) => compareReleases(a.releases, b.releases),
  certificates: compareCertificates,
  incident: compareIncident,
  verifiers: (a, b) => compareLists(a.verifiers ?? [], b.verifiers ?? [], () => 'somebody else may sign verdicts'),
};

/** Compares what one file of each policy says of the whole. */
export function compareSettings(before: Layer, after: Layer): Change[] {
  const [a, b] = [before.content, after.content];
  const keys = Object.keys(KNOWN) as (keyof PolicyFile)[];
  const known = keys.flatMap((key) =>
    (KNOWN[key]?.(a, b) ?? []).map((difference) => changeAt(key, difference, place(before, key), place(after, key))),
  );
  const unknown = unknownDifferences(a, b, [...ELSEWHERE, ...keys]).map((difference) => {
    const { key: top = '' } = difference;
    const { key: _, ...said } = difference;
    return changeAt(top, said, place(before, top), place(after, top));
  });
  return [...known, ...unknown];
}

/** What the files that trust rests on hold, whatever they are called. */
export function compareTrustRoots(before: Policy, after: Policy): Change[] {
  const [was, is] = [before.trust?.root, after.trust?.root];
  if (was?.wholeDigest === is?.wholeDigest) return [];
  const at = (policy: Policy): Place => {
    const layer = policy.layers.find(({ content }) => content.trust?.root !== undefined);
    return layer === undefined ? undefined : { source: layer.source, path: ['trust', 'root'] };
  };
  const text =
    is === undefined
      ? 'there is no trust root: nothing by certificate is verified'
      : 'the trust root changed, and whom it adds is trusted: compare the two by signwright trust show';
  return [changeAt('trust', { effect: is === undefined ? 'stricter' : 'weaker', text }, at(before), at(after))];
}

function place({ source, content }: Layer, key: string): Place {
  return Object.hasOwn(content, key) ? { source, path: [key] } : undefined;
}

function different(text: string): Difference {
  return { effect: 'different', text };
}

function compareSerials({ serial: was }: PolicyFile, { serial: is }: PolicyFile): Difference[] {
  if (was === is) return [];
  if (was === undefined) return [different(`it has the serial ${is}`)];
  if (is === undefined) return [{ effect: 'weaker', text: `it has no serial any more; it was ${was}` }];
  return is > was
    ? [different(`the serial rose from ${was} to ${is}`)]
    : [{ effect: 'weaker', text: `the serial fell from ${was} to ${is}: older editions would do` }];
}

function compareInvalidating(before: PolicyFile, after: PolicyFile): Difference[] {
  const [was, is] = [before['invalidate-before'], after['invalidate-before']];
  if (was === is) return [];
  if (is === undefined) return [{ effect: 'weaker', text: `approvals from before ${was} count again` }];
  const later = was === undefined || instantOf(is) >= instantOf(was);
  return [
    {
      effect: later ? 'stricter' : 'weaker',
      text: `approvals from before ${is} are void${was === undefined ? '' : ` instead of ${was}`}`,
    },
  ];
}

/** Lists whose entries let somebody do something. */
function compareLists(before: readonly unknown[], after: readonly unknown[], text: (one: string) => string): Difference[] {
  const shown = (one: unknown): string => (typeof one === 'string' ? one : JSON.stringify(one));
  const gained = after.filter((one) => !before.some((other) => same(one, other)));
  const lost = before.filter((one) => !after.some((other) => same(one, other)));
  return [
    ...gained.map((one): Difference => ({ effect: 'weaker', text: text(shown(one)) })),
    ...lost.map((one): Difference => ({ effect: 'stricter', text: `${shown(one)} is no longer in the list` })),
  ];
}

/** What a file builds on is compared as a layer; here, how it is pinned. */
function compareExtends(
  { extends: was, identities: had }: PolicyFile,
  { extends: is, identities: has }: PolicyFile,
): Difference[] {
  if (was === undefined || is === undefined || same(was, is)) {
    if (baseSigners(is).every(({ by }) => same(had?.[by], has?.[by]))) return [];
    return [{ effect: 'weaker', text: 'who must have signed the base changed, and may be weaker' }];
  }
  const [by, now] = [was['signed-by'], is['signed-by']];
  const pin: Difference[] =
    by === undefined && now !== undefined
      ? [{ effect: 'weaker', key: 'signed-by', text: `any edition that ${namesOf(is)} signs will do; it was one by its digest` }]
      : by !== undefined && now === undefined
        ? [{ effect: 'stricter', key: 'sha256', text: 'one edition alone will do; it was any that is signed' }]
        : by !== undefined && now !== undefined && !same(whoSigns(was, had), whoSigns(is, has))
          ? [{ effect: 'weaker', key: 'signed-by', text: 'who must have signed the base changed, and may be weaker' }]
          : [];
  return [...pin, ...compareMinSerial(was, is), ...comparePlaces(was, is), ...unknownDifferences(was, is, EXTENDS)];
}

/** Who may sign the base, and when. */
function whoSigns(written: Extends, identities: PolicyFile['identities']): unknown {
  return baseSigners(written).map(({ by, ...span }) => ({ ...span, who: identities?.[by] }));
}

function namesOf(written: Extends): string {
  return baseSigners(written)
    .map(({ by }) => by)
    .join(' or ');
}

const EXTENDS = [
  'file',
  'url',
  'git',
  'sha256',
  'signed-by',
  'name',
  'min-serial',
  'allow-private',
] as const satisfies readonly (keyof Extends)[];

function compareMinSerial(before: Extends, after: Extends): Difference[] {
  const [was, is] = [before['min-serial'] ?? 0, after['min-serial'] ?? 0];
  if (was === is || after['signed-by'] === undefined) return [];
  const text = `the base may have the serial ${is} or higher instead of ${was}`;
  return [{ effect: is < was ? 'weaker' : 'stricter', key: 'min-serial', text }];
}

function comparePlaces(before: Extends, after: Extends): Difference[] {
  const name: Difference[] =
    before['signed-by'] !== undefined && after['signed-by'] !== undefined && before.name !== after.name
      ? [{ effect: 'weaker', key: 'name', text: `the base is the policy ${after.name} instead of ${before.name}` }]
      : [];
  const open: Difference[] =
    (after['allow-private'] ?? false) && !(before['allow-private'] ?? false)
      ? [{ effect: 'weaker', key: 'allow-private', text: 'the base may lie in a private network' }]
      : [];
  const moved = (['file', 'url', 'git'] as const).some((key) => before[key] !== after[key]);
  return [...name, ...open, ...(moved ? [different('the base is elsewhere, pinned as it says')] : [])];
}

function compareTrust({ trust: before = {} }: PolicyFile, { trust: after = {} }: PolicyFile): Difference[] {
  const revocation = compareRevocation(before.revocation, after.revocation);
  const timestamp = same(before.timestamp, after.timestamp)
    ? []
    : [{ ...different('timestamps are asked for elsewhere; which count is for the trust root to say'), key: 'timestamp' }];
  return [...revocation, ...timestamp, ...unknownDifferences(before, after, ['root', 'revocation', 'timestamp'])];
}

function compareReleases(before: PolicyFile['releases'], after: PolicyFile['releases']): Difference[] {
  if (same(before, after)) return [];
  if (after === undefined) return [{ effect: 'stricter', text: 'nobody closes releases any more' }];
  const instead = before === undefined ? '; nobody did' : ` instead of ${before.by}`;
  const text = `${after.by} closes releases${instead}`;
  return [{ effect: 'weaker', text }, ...unknownDifferences(before ?? {}, after, ['by'])];
}

function compareEvidence(before: PolicyFile['evidence'], after: PolicyFile['evidence']): Difference[] {
  if (same(before, after)) return [];
  const lock: Difference[] =
    before?.lock !== undefined && before.lock !== after?.lock
      ? [{ effect: 'weaker', key: 'lock', text: 'evidence is locked otherwise than before, or not at all' }]
      : [];
  return [
    ...lock,
    different('evidence is kept elsewhere or otherwise'),
    ...unknownDifferences(before ?? {}, after ?? {}, ['store', 'lock']),
  ];
}
