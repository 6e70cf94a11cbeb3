import {
  algorithmsOf,
  compileGlob,
  type Instant,
  isSha256,
  type Json,
  type JsonObject,
  messageOf,
  readPublicKey,
  type Sha256,
  type Who,
} from '@signwright/signing-core';
import { nearestWord } from './parse/nearest-word.ts';
import { parseYaml } from './parse/parse-yaml.ts';
import { problemAt, problemAtKey, type Source } from './parse/source.ts';
import { type Path, PolicyError, type Problem, shown } from './problem.ts';
import { instantOf, optionalInstant } from './values/instant.ts';

/** Somebody whose signature will do, and when. A certificate's signature is held against it, of a pinned key whoever judges. */
export type AnchorSigner = { readonly who: Who; readonly from?: Instant; readonly until?: Instant };

/** What a verifier brings from outside the policy it judges by. */
export type Anchor = {
  /** The file it was read from. */
  readonly where: string;
  readonly name?: string;
  /** The one edition it may be; else {@link Anchor.signedBy} is there, with `name` and `minSerial`. */
  readonly policySha256?: Sha256;
  /** Who must have signed it: any one of these. */
  readonly signedBy?: readonly AnchorSigner[];
  readonly minSerial?: number;
  readonly trustRootSha256?: Sha256;
  readonly trustRootIssuersSha256?: Sha256;
};

const DIGESTS = ['policy-sha256', 'trust-root-sha256', 'trust-root-issuers-sha256'] as const;
const KEYS = ['name', 'policy-sha256', 'signed-by', 'min-serial', 'trust-root-sha256', 'trust-root-issuers-sha256'];

/**
 * Reads an anchor: YAML or JSON, `{name, policy-sha256 | signed-by, min-serial, trust-root-sha256, trust-root-issuers-sha256}`,
 * strictly. `signed-by` is `{issuer, subject}` or `{public-key}`, with `from` and `until` if they are to be, or a list of such. It needs `name` and `min-serial`; for a certificate also what
 * pins the trust root and who may certify what, as the policy would vouch for itself by its own.
 *
 * @throws PolicyError for anything else, and for an anchor that pins no policy.
 */
export function parseAnchor(bytes: Uint8Array, where: string): Anchor {
  const source = readSource(bytes, where);
  const anchor = source.value as JsonObject;
  const problems = [...anchorProblems(source, anchor)];
  if (problems.length > 0) throw new PolicyError(problems, 'the anchor');
  const digest = (key: (typeof DIGESTS)[number]): Sha256 | undefined => digestOf(anchor[key]);
  return {
    where,
    ...optional('name', anchor['name'] as string | undefined),
    ...optional('policySha256', digest('policy-sha256')),
    ...optional('signedBy', signersOf(anchor['signed-by'])),
    ...optional('minSerial', anchor['min-serial'] as number | undefined),
    ...optional('trustRootSha256', digest('trust-root-sha256')),
    ...optional('trustRootIssuersSha256', digest('trust-root-issuers-sha256')),
  };
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { readonly [key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: T };
}

function signersOf(signedBy: Json | undefined): readonly AnchorSigner[] | undefined {
  if (signedBy === undefined) return undefined;
  return [signedBy as JsonObject | readonly JsonObject[]].flat().map((one) => {
    const { issuer, subject, 'public-key': publicKey, from, until } = one as { readonly [key: string]: string };
    const who = publicKey === undefined ? { issuer: issuer as string, subject: subject as string } : { publicKey };
    return { who, ...optionalInstant('from', from), ...optionalInstant('until', until) };
  });
}

function readSource(bytes: Uint8Array, where: string): Source {
  try {
    return parseYaml(bytes, where);
  } catch (error) {
    throw error instanceof PolicyError ? new PolicyError(error.problems, 'the anchor') : error;
  }
}

function* anchorProblems(source: Source, anchor: JsonObject): Generator<Problem> {
  for (const key of Object.keys(anchor)) {
    if (!KEYS.includes(key))
      yield problemAtKey(source, [key], `unknown key; allowed are ${KEYS.join(', ')}`, nearestWord(key, KEYS));
  }
  const pins = ['policy-sha256', 'signed-by'].filter((key) => anchor[key] !== undefined);
  if (pins.length !== 1) {
    const found = pins.length === 0 ? 'none is there, so it would pin nothing' : 'both are there';
    yield problemAt(source, [], `exactly one of "policy-sha256", "signed-by" is needed; ${found}`);
  }
  for (const key of DIGESTS) {
    if (anchor[key] === undefined || digestOf(anchor[key]) !== undefined) continue;
    yield problemAt(
      source,
      [key],
      `found ${shown(anchor[key])}; allowed is "sha256:" and 64 lower-case hex digits (or the digits alone)`,
    );
  }
  const { name } = anchor;
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    yield problemAt(source, ['name'], `found ${shown(name)}; allowed is text`);
  const serial = anchor['min-serial'];
  if (serial !== undefined && (!Number.isSafeInteger(serial) || (serial as number) < 0)) {
    yield problemAt(source, ['min-serial'], `found ${shown(serial)}; allowed is a whole number from 0`);
  }
  if (anchor['signed-by'] !== undefined) yield* signedByProblems(source, anchor);
}

function* signedByProblems(source: Source, anchor: JsonObject): Generator<Problem> {
  const signedBy = anchor['signed-by'];
  if (!Array.isArray(signedBy)) {
    yield* signerProblems(source, anchor, signedBy, ['signed-by']);
    return;
  }
  const all = signedBy as readonly Json[];
  if (all.length === 0 || all.length > MOST_SIGNERS)
    yield problemAt(source, ['signed-by'], `found ${all.length}; allowed are 1 to ${MOST_SIGNERS}`);
  else for (const [index, one] of all.entries()) yield* signerProblems(source, anchor, one, ['signed-by', index]);
}

function* signerProblems(source: Source, anchor: JsonObject, signedBy: Json | undefined, path: Path): Generator<Problem> {
  const at = (...more: Path): Path => [...path, ...more];
  const form = 'allowed is { issuer, subject } of a certificate, or { public-key }, each with from and until if they are to be';
  if (typeof signedBy !== 'object' || signedBy === null || Array.isArray(signedBy)) {
    yield problemAt(source, at(), `found ${shown(signedBy)}; ${form}`);
    return;
  }
  const who = signedBy as JsonObject;
  const keys = Object.keys(who)
    .filter((key) => key !== 'from' && key !== 'until')
    .sort()
    .join();
  if (keys !== 'public-key' && keys !== 'issuer,subject') {
    yield problemAt(source, at(), `found ${keys === '' ? 'nothing' : keys}; ${form}`);
    return;
  }
  for (const key of Object.keys(who)) {
    const why = WHY_NOT[key as keyof typeof WHY_NOT](who[key]);
    if (why !== undefined) yield problemAt(source, at(key), why);
  }
  const { from, until } = who;
  const both =
    typeof from === 'string' && typeof until === 'string' && [from, until].every((one) => whyNoDate(one) === undefined);
  if (both && instantOf(from) >= instantOf(until))
    yield problemAt(source, at('until'), `ends ${until}, before it begins (${from})`);
  const needed = ['name', 'min-serial', ...(keys === 'public-key' ? [] : ['trust-root-sha256', 'trust-root-issuers-sha256'])];
  for (const key of needed.filter((key) => anchor[key] === undefined))
    yield problemAtKey(source, at(), `the key "${key}" is missing: with "signed-by" alone ${WITHOUT[key]}`);
}

const WITHOUT: { readonly [key: string]: string } = {
  name: 'any other policy of theirs would do',
  'min-serial': 'any older edition would do',
  'trust-root-sha256': 'the policy would name by its own trust root who signed it',
  'trust-root-issuers-sha256':
    'the policy would say by itself which CA speaks for which issuer ("signwright trust show" prints the digest)',
};

/** Who may sign one policy, at the most. */
const MOST_SIGNERS = 10;

function whyNoDate(value: Json | undefined): string | undefined {
  const date = typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value);
  if (value === undefined || (date && !Number.isNaN(Date.parse(value)))) return undefined;
  return `found ${shown(value)}; allowed is a date or time with its zone, such as 2027-01-31 or 2027-01-31T12:00:00Z`;
}

const WHY_NOT = {
  from: whyNoDate,
  until: whyNoDate,
  issuer: (value: Json | undefined) =>
    typeof value === 'string' && /^https:\/\/[^/?#@*\s]+(\/[^?#*\s]*)?$/.test(value)
      ? undefined
      : `found ${shown(value)}; allowed is an exact https URL, without patterns`,
  subject: (value: Json | undefined) =>
    typeof value !== 'string' || value === '' ? `found ${shown(value)}; allowed is text` : whyThrows(() => compileGlob(value)),
  'public-key': (value: Json | undefined) =>
    typeof value !== 'string'
      ? `found ${shown(value)}; allowed is a public key in PEM`
      : whyThrows(() => algorithmsOf(readPublicKey(value, 'the anchor'))),
} as const;

function whyThrows(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function digestOf(value: Json | undefined): Sha256 | undefined {
  const text = typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? `sha256:${value}` : value;
  return typeof text === 'string' && isSha256(text) ? text : undefined;
}
