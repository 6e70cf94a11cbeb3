import { hash } from 'node:crypto';
import { hexOf, isSha256 } from '@signwright/signing-core';
import type { JoinedEntry } from './join-results.ts';
import {
  assertedOf,
  baseOf,
  certificatesOf,
  certifiedOf,
  digestsOf,
  type LogQuery,
  namesOf,
  pipelinesOf,
  plainSerial,
  saidOf,
  signerOf,
  tiersOf,
} from './query.ts';

/** A value under which the index finds records, as a number of 48 bits. Values may share one: what is found is looked at again. */
export type Mark = number;

/** Texts that patterns are held against, by what they are. */
export const TEXT_KINDS = { name: 0, certified: 1, asserted: 2, pipeline: 3 } as const;
export type TextKind = (typeof TEXT_KINDS)[keyof typeof TEXT_KINDS];

/** Names of artifacts are most of all texts, so a pattern of anything else is not held against them. */
export function wordKindOf(kind: TextKind): number {
  return kind === TEXT_KINDS.name ? 0 : 1;
}

/** What the index knows a record by. */
export type Features = { readonly marks: readonly Mark[]; readonly texts: readonly (readonly [TextKind, string])[] };

/** All that {@link criteriaOf} can ask for, of one record; asked of an intent before it has a result, and of the result's digests after. */
export function featuresOf(entry: JoinedEntry): Features {
  const base = baseOf(entry);
  const signer = signerOf(entry);
  const marks = new Set<Mark>([markOf('event', entry.record.event)]);
  if (base !== undefined) {
    marks.add(markOf('request', base.request));
    marks.add(markOf('environment', base.environment));
    marks.add(markOf('policy', base.policy.digest));
  }
  if (signer !== undefined) {
    marks.add(markOf('signer', signer.id));
    marks.add(markOf('key', signer.key));
  }
  const said = saidOf(entry);
  if (said !== undefined) marks.add(markOf('said', said));
  for (const certificate of certificatesOf(entry)) marks.add(markOf('certificate', certificate));
  for (const tier of tiersOf(entry)) marks.add(markOf('tier', tier));
  for (const digest of digestsOf(entry)) marks.add(markOf('digest', digest));
  return {
    marks: [...marks],
    texts: [
      ...unique(namesOf(entry)).map((text) => [TEXT_KINDS.name, text] as const),
      ...unique(certifiedOf(entry)).map((text) => [TEXT_KINDS.certified, text] as const),
      ...unique(assertedOf(entry)).map((text) => [TEXT_KINDS.asserted, text] as const),
      ...unique(pipelinesOf(entry)).map((text) => [TEXT_KINDS.pipeline, text] as const),
    ],
  };
}

/** What the index can answer of a query. */
export type Criteria = {
  readonly marks: readonly Mark[];
  readonly texts: readonly { readonly kinds: readonly TextKind[]; readonly pattern: string }[];
};

export function criteriaOf(query: LogQuery): Criteria {
  const marks: Mark[] = [];
  for (const field of [
    'event',
    'request',
    'environment',
    'policy',
    'signer',
    'said',
    'key',
    'certificate',
    'tier',
    'digest',
  ] as const) {
    const value = query[field];
    if (value !== undefined) marks.push(markOf(field, field === 'certificate' ? plainSerial(value) : value));
  }
  const { artifact, requester, certified, pipeline } = query;
  const { name, certified: vouched, asserted, pipeline: job } = TEXT_KINDS;
  return {
    marks,
    texts: [
      ...(artifact === undefined ? [] : [{ kinds: [name], pattern: artifact }]),
      ...(requester === undefined ? [] : [{ kinds: certified ? [vouched] : [vouched, asserted], pattern: requester }]),
      ...(pipeline === undefined ? [] : [{ kinds: [job], pattern: pipeline }]),
    ],
  };
}

type Field =
  | 'event'
  | 'request'
  | 'environment'
  | 'policy'
  | 'signer'
  | 'said'
  | 'key'
  | 'certificate'
  | 'tier'
  | 'digest'
  | 'text';

/** A digest's own first 48 bits; of anything else the first of its SHA-256. */
export function markOf(field: Field, value: string): Mark {
  if (isSha256(value)) return firstBits(hexOf(value));
  if (!COMMON.has(field)) return firstBits(hash('sha256', `${field}\0${value}`));
  const name = `${field}\0${value}`;
  const known = commonMarks.get(name);
  if (known !== undefined) return known;
  const mark = firstBits(hash('sha256', name));
  if (commonMarks.size < REMEMBERED) commonMarks.set(name, mark);
  return mark;
}

/** Fields of few values, whose marks are remembered. */
const COMMON: ReadonlySet<Field> = new Set(['event', 'environment', 'signer', 'said', 'key', 'tier']);
const REMEMBERED = 1_000;
const commonMarks = new Map<string, Mark>();

function firstBits(hex: string): Mark {
  return Number.parseInt(hex.slice(0, 12), 16);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
