import { canonicalDigest, type Sha256 } from './formats/digest.ts';
import { type FieldReader, fieldReader } from './formats/read-json.ts';
import { type Json, parseStrictJson } from './formats/strict-json.ts';
import { basicConstraintsOf, parseCertificate } from './x509/certificate.ts';
import type { Authority } from './x509/path.ts';

/** Whom signatures and timestamps are traced to: a Sigstore TrustedRoot, with the issuers each certificate authority may assert. */
export type TrustRoot = {
  /** SHA-256 over the RFC 8785 form of the TrustedRoot: what an anchor pins. */
  readonly digest: Sha256;
  readonly certificateAuthorities: readonly Authority[];
  readonly timestampAuthorities: readonly Authority[];
  /** How many transparency logs it lists; they are read by @sigstore/verify, from {@link TrustRoot.json}. */
  readonly logs: number;
  readonly json: Json;
};

const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];
const MAX_BYTES = 4 * 1024 * 1024;
const LONGEST_CHAIN = 8;

/**
 * Reads a Sigstore TrustedRoot strictly, and its companion file that says which OIDC issuers each certificate authority may
 * assert, and whose briefest leaves need no answer on revocation (`{"version":1,"certificateAuthorities":[{"sha256":HEX of the issuing
 * certificate,"issuers":[URL],"withoutRevocation":"10m"}]}`).
 *
 * @throws SignwrightError `invalid-input` that names the field: unknown fields, a chain whose CA is none, a validity that ends
 * before it starts or has no start.
 */
export function parseTrustRoot(root: Uint8Array, issuers: Uint8Array | undefined, where: string): TrustRoot {
  const json = parseStrictJson(root, { what: `the trust root ${where}`, maxBytes: MAX_BYTES });
  const read = fieldReader(`the trust root ${where}`);
  const fields = read.object(json, '', ['mediaType', 'tlogs', 'certificateAuthorities', 'ctlogs', 'timestampAuthorities']);
  if (!MEDIA_TYPES.includes(read.text(fields['mediaType'], 'mediaType'))) {
    read.fail('mediaType', `must be ${MEDIA_TYPES[0]}`);
  }
  const listed = issuers ? readCompanion(issuers, where) : undefined;
  const authorities = (key: string): Authority[] =>
    read
      .list(fields[key] ?? [], key)
      .map((one, index) => readAuthority(read, one, `${key}[${index}]`, key === 'certificateAuthorities'));
  const logs = ['tlogs', 'ctlogs'].map((key) =>
    read.list(fields[key] ?? [], key).map((log, index) => readLog(read, log, `${key}[${index}]`)),
  );
  return {
    digest: canonicalDigest(json),
    certificateAuthorities: authorities('certificateAuthorities').map((authority) => withCompanion(authority, listed)),
    timestampAuthorities: authorities('timestampAuthorities'),
    logs: (logs[0] as unknown[]).length,
    json,
  };
}

/** @param issues whether the first certificate must be a CA; an authority that only timestamps is listed by its own certificate. */
function readAuthority(read: FieldReader, value: Json, path: string, issues: boolean): Authority {
  const fields = read.object(value, path, ['subject', 'uri', 'certChain', 'validFor', 'operator']);
  const certificates = read.list(
    read.object(fields['certChain'], `${path}.certChain`, ['certificates'])['certificates'],
    `${path}.certChain.certificates`,
  );
  const chain = certificates.map((certificate, index) => {
    const at = `${path}.certChain.certificates[${index}]`;
    return parseCertificate(read.bytes(read.object(certificate, at, ['rawBytes'])['rawBytes'], `${at}.rawBytes`), at);
  });
  const [first, ...rest] = chain;
  if (!first || chain.length > LONGEST_CHAIN)
    return read.fail(`${path}.certChain`, `must hold 1 to ${LONGEST_CHAIN} certificates`);
  const notCa = chain.findIndex((certificate, at) => (issues || at > 0) && !basicConstraintsOf(certificate).ca);
  if (notCa >= 0) read.fail(`${path}.certChain.certificates[${notCa}]`, 'is not a CA');
  return { chain: [first, ...rest], ...readValidity(read, fields['validFor'], `${path}.validFor`) };
}

/** A trusted period must have a start: without one a key would vouch for all of the past. */
function readValidity(read: FieldReader, value: Json | undefined, path: string): { validFrom: number; validUntil?: number } {
  const fields = read.object(value, path, ['start', 'end']);
  const validFrom = read.instant(fields['start'], `${path}.start`);
  if ((fields['end'] ?? null) === null) return { validFrom };
  const validUntil = read.instant(fields['end'], `${path}.end`);
  if (validUntil <= validFrom) read.fail(path, 'ends before it starts');
  return { validFrom, validUntil };
}

/** Logs are believed only through @sigstore/verify; what it does not check of them is checked here. */
function readLog(read: FieldReader, value: Json, path: string): void {
  const fields = read.record(value, path);
  const key = read.record(fields['publicKey'], `${path}.publicKey`);
  read.bytes(key['rawBytes'], `${path}.publicKey.rawBytes`);
  readValidity(read, key['validFor'], `${path}.publicKey.validFor`);
}

type Companion = Pick<Authority, 'issuers' | 'withoutRevocation'>;

function readCompanion(bytes: Uint8Array, where: string): ReadonlyMap<string, Companion> {
  const what = `the issuers of the trust root ${where}`;
  const read = fieldReader(what);
  const fields = read.object(parseStrictJson(bytes, { what, maxBytes: MAX_BYTES }), '', ['version', 'certificateAuthorities']);
  if (fields['version'] !== 1) read.fail('version', 'must be 1');
  const listed = new Map<string, Companion>();
  read.list(fields['certificateAuthorities'], 'certificateAuthorities').forEach((value, index) => {
    const path = `certificateAuthorities[${index}]`;
    const entry = read.object(value, path, ['sha256', 'issuers', 'withoutRevocation']);
    const sha256 = read.text(entry['sha256'], `${path}.sha256`);
    if (!/^[0-9a-f]{64}$/.test(sha256)) read.fail(`${path}.sha256`, 'is not 64 lower-case hex digits');
    if (listed.has(sha256)) read.fail(`${path}.sha256`, 'is listed twice');
    const issuers = read.list(entry['issuers'], `${path}.issuers`);
    listed.set(sha256, {
      issuers: issuers.map((issuer, at) => read.text(issuer, `${path}.issuers[${at}]`)),
      ...readBrief(read, entry['withoutRevocation'], `${path}.withoutRevocation`),
    });
  });
  return listed;
}

function readBrief(read: FieldReader, value: Json | undefined, path: string): Pick<Authority, 'withoutRevocation'> {
  if (value === undefined) return {};
  const seconds = briefSeconds(read.text(value, path));
  return { withoutRevocation: seconds ?? read.fail(path, `must be ${BRIEF}`) };
}

/** What a duration of certificates that need no answer on revocation must be, for messages. */
export const BRIEF = 'a duration such as 10m or 24h, of 7 days at the most';

/** The seconds of such a duration; undefined where it is none. */
export function briefSeconds(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''] ?? Number.NaN);
  return seconds <= 7 * 86_400 ? seconds : undefined;
}

function withCompanion(authority: Authority, listed: ReadonlyMap<string, Companion> | undefined): Authority {
  return { ...authority, ...listed?.get(authority.chain[0].fingerprint) };
}
