import { CLAIM_NAMES, type KeyRule, type WorkloadRule } from '@signwright/signing-core';
import { covers } from '../check/covers.ts';
import type { Signer, Workload } from '../generated/policy-file.ts';
import type { SignerDefinition } from '../policy.ts';
import { instantOf } from '../values/instant.ts';
import { type Difference, same, unknownDifferences } from './change.ts';

/** What more, or less, a signer's signatures are recognised by. Its workloads' own claims are told of the workloads. */
export function compareSigners(
  [before, after]: readonly [SignerDefinition, SignerDefinition],
  [written, now]: readonly [Signer, Signer],
): Difference[] {
  const known = ['certificate', 'keys', 'workloads'];
  return [
    ...compareCertificates(before, after, same(written.certificate, now.certificate)),
    ...compareKeys(before, after),
    ...compareWorkloadNames(before.rule.workloads, after.rule.workloads),
    ...unknownDifferences(written, now, known),
  ];
}

function compareCertificates(before: SignerDefinition, after: SignerDefinition, sameAuthority: boolean): Difference[] {
  const key = 'certificate';
  if (before.rule.certificate === after.rule.certificate)
    return sameAuthority
      ? []
      : [{ effect: 'different', key, text: 'its certificates come from elsewhere; what counts is what the trust root lists' }];
  return after.rule.certificate
    ? [{ effect: 'weaker', key, text: 'it may sign by certificate too' }]
    : [{ effect: 'stricter', key, text: 'it may no longer sign by certificate' }];
}

function compareKeys(before: SignerDefinition, after: SignerDefinition): Difference[] {
  const key = 'keys';
  const byId = (keys: SignerDefinition['keys']): Map<string, SignerDefinition['keys']> => {
    const found = new Map<string, SignerDefinition['keys']>();
    for (const one of keys) found.set(one.rule.keyId, [...(found.get(one.rule.keyId) ?? []), one]);
    return found;
  };
  const [had, has] = [byId(before.keys), byId(after.keys)];
  const ids = [...new Set([...had.keys(), ...has.keys()])];
  return ids.flatMap((id): Difference[] => {
    const [was, is] = [had.get(id) ?? [], has.get(id) ?? []];
    if (is.length === 0) return [{ effect: 'stricter', key, text: `the key ${id} counts no more` }];
    if (was.length === 0) return [{ effect: 'weaker', key, text: `the key ${id} counts too` }];
    const [one, other] = [was[0]?.rule, is[0]?.rule];
    const rules = (some: typeof was): readonly KeyRule[] => some.map(({ rule }) => rule);
    if (!same(rules(was), rules(is))) {
      const alone = was.length === 1 && is.length === 1 && one !== undefined && other !== undefined;
      return alone && within(other, one)
        ? [{ effect: 'stricter', key, text: `the key ${id} counts for a shorter time` }]
        : [{ effect: 'weaker', key, text: `when the key ${id} counts changed, and may be weaker` }];
    }
    return same(
      was.map(({ ref }) => ref),
      is.map(({ ref }) => ref),
    )
      ? []
      : [{ effect: 'different', key, text: `the key ${id} is elsewhere` }];
  });
}

/** Whether a key counts only where it counts by the other rule too. */
function within(narrow: KeyRule, wide: KeyRule): boolean {
  const { from, until, compromisedSince, ...rest } = narrow;
  const { from: wideFrom, until: wideUntil, compromisedSince: wideSince, ...others } = wide;
  return (
    same(rest, others) &&
    (from ?? Number.NEGATIVE_INFINITY) >= (wideFrom ?? Number.NEGATIVE_INFINITY) &&
    (until ?? Number.POSITIVE_INFINITY) <= (wideUntil ?? Number.POSITIVE_INFINITY) &&
    (compromisedSince ?? Number.POSITIVE_INFINITY) <= (wideSince ?? Number.POSITIVE_INFINITY)
  );
}

function compareWorkloadNames(before: readonly WorkloadRule[], after: readonly WorkloadRule[]): Difference[] {
  const key = 'workloads';
  const [had, has] = [before.map(({ id }) => id), after.map(({ id }) => id)];
  const lost = had.filter((id) => !has.includes(id));
  const gained = has.filter((id) => !had.includes(id));
  return [
    ...gained.map((id): Difference => ({ effect: 'weaker', key, text: `the workload ${id} may sign as it` })),
    ...lost.map((id): Difference => ({ effect: 'stricter', key, text: `the workload ${id} may no longer sign as it` })),
  ];
}

/** Whom more, or fewer, a workload is. */
export function compareWorkloads(before: Workload, after: Workload): Difference[] {
  const issuer: Difference[] =
    before.issuer === after.issuer
      ? []
      : [{ effect: 'weaker', key: 'issuer', text: `the issuer is ${after.issuer} instead of ${before.issuer}` }];
  const claims = CLAIM_NAMES.flatMap((key): Difference[] => {
    const [was, is] = [before[key], after[key]];
    if (was === is) return [];
    if (is === undefined) return [{ effect: 'weaker', key, text: `${key} may be anything; it had to be ${was}` }];
    if (was === undefined) return [{ effect: 'stricter', key, text: `${key} has to be ${is}` }];
    return coversClaim(was, is)
      ? [{ effect: 'stricter', key, text: `${key} has to be ${is} instead of ${was}` }]
      : [{ effect: 'weaker', key, text: `${key} has to be ${is} instead of ${was}, and that may be weaker` }];
  });
  const others = unknownDifferences(before, after, ['issuer', 'compromised', ...CLAIM_NAMES]);
  return [...issuer, ...claims, ...compareCompromised(before.compromised, after.compromised), ...others];
}

type Compromised = NonNullable<Workload['compromised']>;

/** When what it signed is not its own: less of that is weaker, whatever it is made up of. */
function compareCompromised(before: Compromised = [], after: Compromised = []): Difference[] {
  const key = 'compromised';
  const [was, is] = [timesOf(before), timesOf(after)];
  const said = (times: readonly Time[]): string => (times.length === 0 ? 'never' : times.map(shown).join(', '));
  if (said(was) === said(is))
    return same(before, after) ? [] : [{ effect: 'different', key, text: 'what is said of its compromise changed' }];
  const text = `it counts as compromised ${said(is)}; it did ${said(was)}`;
  const wider = was.every(([from, until]) => is.some(([start, end]) => start <= from && end >= until));
  return [{ effect: wider ? 'stricter' : 'weaker', key, text }];
}

type Time = readonly [from: number, until: number];

/** In order, with those that touch as one. */
function timesOf(spans: Compromised): Time[] {
  const times: [number, number][] = [];
  const sorted = spans
    .map(({ from, until }) => [instantOf(from), until === undefined ? Number.POSITIVE_INFINITY : instantOf(until)] as const)
    .sort(([one], [other]) => one - other);
  for (const [from, until] of sorted) {
    const last = times.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], until);
    else times.push([from, until]);
  }
  return times;
}

function shown([from, until]: Time): string {
  const end = until === Number.POSITIVE_INFINITY ? 'on' : `until ${new Date(until).toISOString()}`;
  return `from ${new Date(from).toISOString()} ${end}`;
}

/** An address's "//" is a part without letters, which `covers` looks at no further; what is alike before it changes nothing. */
function coversClaim(wide: string, narrow: string): boolean {
  const [start = ''] = /^[a-z]+:\/\//.exec(wide) ?? [];
  return narrow.startsWith(start) && covers(wide.slice(start.length), narrow.slice(start.length));
}
