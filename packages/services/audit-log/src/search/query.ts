import {
  compileGlob,
  isSha256,
  messageOf,
  type RecordBase,
  SAID_BY_PEOPLE,
  SAID_OF_CERTIFICATES,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { type JoinedEntry, type LogOutcome, OUTCOMES } from './join-results.ts';

/** What is looked for; everything that is given must hold. Patterns are those of the policy: `*` within `/`, `**` across. */
export type LogQuery = {
  readonly request?: Sha256;
  /** An artifact's name, or a pattern of names. */
  readonly artifact?: string;
  /** Of an artifact, of the bytes to sign, of a signature, of evidence or what it is about, or of a record itself. */
  readonly digest?: Sha256;
  /** Any claim of whoever asked: issuer, name, subject, account id … exactly or by a pattern. */
  readonly requester?: string;
  /** Whether only what a certificate says of the requester counts. */
  readonly certified?: boolean;
  /** The CI job's URL, the repository or its id, or the build; exactly or by a pattern. */
  readonly pipeline?: string;
  /** base64 of SHA-256 over SubjectPublicKeyInfo; of a person `SHA256:…`, the fingerprint of an SSH key. */
  readonly key?: string;
  /** A serial number in hex, or the SHA-256 of the DER. */
  readonly certificate?: string;
  readonly tier?: string;
  readonly environment?: string;
  /** The policy's name for a signer, or for a person who signed an approval. */
  readonly signer?: string;
  /** What a person said: `approve`, `reject` …; one of `SAID_BY_PEOPLE`, or what became of a certificate, of `SAID_OF_CERTIFICATES`. */
  readonly said?: string;
  readonly policy?: Sha256;
  readonly outcome?: LogOutcome;
  /** `intent`, `result` (one that answers no intent), `refusal`, `approval`, `certificate`, `segment-refused`, `unknown`. */
  readonly event?: string;
  /**
   * From this time on, and before that one, by any of the times its records have; those are their writers' own clocks, but the
   * time of a signature is its timestamp's. What has no time that can be read is always within.
   */
  readonly since?: Date;
  readonly until?: Date;
};

/** The claims that say which pipeline asked. */
const PIPELINE_CLAIMS = ['repository', 'repository-id', 'build'];

/**
 * Whether a record is what a query looks for: the meaning of a search, whatever index helps to find it.
 *
 * @throws SignwrightError `usage` for a query that cannot be meant.
 */
export function compileQuery(query: LogQuery): (entry: JoinedEntry) => boolean {
  checkQuery(query);
  const { artifact, requester, pipeline, certificate } = query;
  const tests: ((entry: JoinedEntry) => boolean)[] = [];
  const demand = <T>(wanted: T | undefined, test: (wanted: T, entry: JoinedEntry) => boolean): void => {
    if (wanted !== undefined) tests.push((entry) => test(wanted, entry));
  };
  demand(query.request, (request, entry) => baseOf(entry)?.request === request);
  demand(query.environment, (environment, entry) => baseOf(entry)?.environment === environment);
  demand(query.policy, (policy, entry) => baseOf(entry)?.policy.digest === policy);
  demand(query.digest, (digest, entry) => digestsOf(entry).includes(digest));
  demand(query.key, (key, entry) => signerOf(entry)?.key === key);
  demand(query.said, (said, entry) => saidOf(entry) === said);
  demand(query.signer, (signer, entry) => signerOf(entry)?.id === signer);
  demand(query.tier, (tier, entry) => tiersOf(entry).includes(tier));
  demand(query.outcome, (outcome, entry) => entry.outcome === outcome);
  demand(query.event, (event, entry) => entry.record.event === event);
  demand(certificate, (wanted, entry) => certificatesOf(entry).includes(plainSerial(wanted)));
  demand(patternIf(artifact), (fits, entry) => namesOf(entry).some(fits));
  demand(patternIf(requester), (fits, entry) =>
    [...certifiedOf(entry), ...(query.certified ? [] : assertedOf(entry))].some(fits),
  );
  demand(patternIf(pipeline), (fits, entry) => pipelinesOf(entry).some(fits));
  demand(query.since?.getTime(), (since, entry) => (spanOf(entry)?.last ?? Number.POSITIVE_INFINITY) >= since);
  demand(query.until?.getTime(), (until, entry) => (spanOf(entry)?.first ?? Number.NEGATIVE_INFINITY) < until);
  return (entry) => tests.every((test) => test(entry));
}

/** What people say, and what is said of certificates. */
const SAID: readonly string[] = [...SAID_BY_PEOPLE, ...SAID_OF_CERTIFICATES];

/** Characters of a pattern, at the most. */
const MAX_PATTERN = 4096;

/** Compiles a name or a pattern of names. */
export function pattern(text: string): (name: string) => boolean {
  if (text.length > MAX_PATTERN) {
    throw new SignwrightError('usage', `a pattern of ${text.length} characters`, {
      next: `shorten it to ${MAX_PATTERN} at the most`,
    });
  }
  try {
    return compileGlob(text);
  } catch (error) {
    throw new SignwrightError('usage', messageOf(error), { next: 'let "**" stand alone between slashes' });
  }
}

function patternIf(text: string | undefined): ((name: string) => boolean) | undefined {
  return text === undefined ? undefined : pattern(text);
}

export function baseOf({ record }: JoinedEntry): RecordBase | undefined {
  return 'requester' in record ? record : undefined;
}

/** Who signed, and with what: a signer of the policy, or a person; whose certificate it is, and its key. */
export function signerOf({ record }: JoinedEntry): { id: string; key: string } | undefined {
  if (record.event === 'approval') return { id: record.person, key: record.key };
  if (record.event === 'certificate')
    return { id: record.person ?? record.profile ?? record.authority ?? '', key: record.key ?? '' };
  return 'signer' in record ? record.signer : undefined;
}

export function saidOf({ record }: JoinedEntry): string | undefined {
  return record.event === 'approval' || record.event === 'certificate' ? record.said : undefined;
}

/** Serial number and digest of the certificate, as they are compared. */
export function certificatesOf({ record }: JoinedEntry): string[] {
  if (record.event === 'certificate')
    return [record.serial, record.digest].flatMap((one) => (one === undefined ? [] : plainSerial(one)));
  const certificate = 'signer' in record ? record.signer.certificate : undefined;
  return certificate === undefined ? [] : [plainSerial(certificate.serial), certificate.digest];
}

/** Serial numbers are written with and without colons, leading zeros and capitals. Digests stay as they are. */
export function plainSerial(text: string): string {
  if (isSha256(text)) return text;
  return text
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
}

export function namesOf({ record }: JoinedEntry): string[] {
  return 'artifacts' in record ? record.artifacts.map(({ name }) => name) : [];
}

/** The tiers, taken apart where several rules lead to several. */
export function tiersOf({ record }: JoinedEntry): string[] {
  return 'artifacts' in record ? record.artifacts.flatMap(({ tier }) => tier?.split(' + ') ?? []) : [];
}

export function digestsOf({ id, record, result }: JoinedEntry): Sha256[] {
  const found: (Sha256 | undefined)[] = [id];
  if ('artifacts' in record) found.push(...record.artifacts.map(({ digest }) => digest));
  if ('bytes' in record) found.push(record.bytes);
  if (record.event === 'segment-refused') found.push(record.digest);
  if (record.event === 'certificate') found.push(record.digest, ...(record.evidence ?? []));
  if (record.event === 'approval') found.push(...(record.about ?? []).filter(isSha256));
  for (const one of [record.event === 'result' || record.event === 'approval' ? record : undefined, result?.record]) {
    if (one !== undefined && 'signature' in one) found.push(one.signature, one.evidence);
  }
  if (result !== undefined) found.push(result.id);
  return found.filter((one) => one !== undefined);
}

export function certifiedOf(entry: JoinedEntry): string[] {
  return Object.values(baseOf(entry)?.requester.certified ?? {});
}

export function assertedOf(entry: JoinedEntry): string[] {
  return Object.values(baseOf(entry)?.requester.asserted ?? {});
}

export function pipelinesOf(entry: JoinedEntry): string[] {
  const base = baseOf(entry);
  if (base === undefined) return [];
  const claims = [base.requester.certified ?? {}, base.requester.asserted];
  const said = claims.flatMap((one) => PIPELINE_CLAIMS.map((name) => (Object.hasOwn(one, name) ? one[name] : undefined)));
  return [base.job, ...said].filter((one) => one !== undefined);
}

/** The earliest and the latest time its records have, in milliseconds. */
export function spanOf({ record, result }: JoinedEntry): { first: number; last: number } | undefined {
  const times: number[] = [];
  for (const one of [record, result?.record]) {
    if (one === undefined || !('time' in one)) continue;
    times.push(Date.parse(one.time));
    if ('signed' in one) times.push(Date.parse(one.signed));
  }
  return times.length === 0 ? undefined : { first: Math.min(...times), last: Math.max(...times) };
}

function checkQuery(query: LogQuery): void {
  const { since, until, outcome, said, certified, requester } = query;
  const refuse = (why: string, next: string): never => {
    throw new SignwrightError('usage', why, { next });
  };
  const empty = Object.entries(query).find(([, value]) => value === '');
  if (empty !== undefined) refuse(`the search for ${empty[0]} is empty`, 'say what is looked for, or leave it out');
  for (const time of [since, until])
    if (Number.isNaN(time?.getTime())) refuse('a time that is none', 'write 2026-01-31T12:00:00Z');
  if (since !== undefined && until !== undefined && since >= until) refuse('the search ends before it begins', 'swap the times');
  if (outcome !== undefined && !OUTCOMES.includes(outcome))
    refuse('no outcome is called so', `use one of ${OUTCOMES.join(', ')}`);
  if (said !== undefined && !SAID.includes(said)) refuse('nobody says so', `use one of ${SAID.join(', ')}`);
  if (certified && requester === undefined) refuse('certified, but nobody is looked for', 'say whom');
}
