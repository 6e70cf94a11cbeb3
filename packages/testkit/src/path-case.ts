import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
  type TestCertificate,
  type TestCertificateSpec,
  type TestExtension,
  testCertificate,
} from './test-certificates.ts';
import { freshKeys } from './test-keys.ts';

/** A path that keeps or breaks one rule of RFC 5280, 6.1, for code signing. */
export type PathCase = {
  readonly rule: string;
  readonly what: string;
  readonly leaf: Buffer;
  /** The leaf's issuer first, the root last. */
  readonly chain: readonly Buffer[];
  readonly purpose: 'codeSigning' | 'timeStamping';
  /** `undefined` where the path holds, else what the refusal says. */
  readonly refused?: RegExp;
  /** Why OpenSSL comes to the other answer, where it does. */
  readonly openssl?: string;
  /** The same of an OpenSSL before 3.2, which does not know code signing as a purpose and is asked for any. */
  readonly withoutCodeSigning?: string;
};

/** The instant every path is judged at. */
export const PATH_CASES_AT: Date = new Date('2026-06-01T12:00:00Z');

export type Spec = Omit<TestCertificateSpec, 'issuer' | 'extensions'> & {
  /** Instead of those it has for its place, by OID; `undefined` leaves one out. */
  readonly extensions?: readonly (TestExtension | { readonly oid: string; readonly leftOut: true })[];
};
export type Specs = {
  readonly root?: Spec;
  /** Between root and CA. */
  readonly middle?: Spec;
  readonly ca?: Spec;
  readonly leaf?: Spec;
};
export type Said = Pick<PathCase, 'refused' | 'openssl' | 'withoutCodeSigning'> & Partial<Pick<PathCase, 'purpose'>>;

export function made(spec: Spec, own: readonly TestExtension[], issuer?: TestCertificate): TestCertificate {
  const keys = spec.keys ?? freshKeys();
  const identifiers = [subjectKeyIdentifier(keys), ...(issuer ? [authorityKeyIdentifier(issuer.keys)] : [])];
  const said = spec.extensions ?? [];
  const kept = [...own, ...identifiers].filter((one) => !said.some((other) => other.oid === one.oid));
  const extensions = [...kept, ...said.filter((one): one is TestExtension => !('leftOut' in one))];
  return testCertificate({ ...spec, keys, extensions, ...(issuer ? { issuer } : {}) });
}

export const authority = (spec: Spec, issuer?: TestCertificate): TestCertificate =>
  made(spec, [basicConstraints(true), keyUsage(0x06)], issuer);

/** A path of root, CA and leaf (and one between), right but for what is told of them. */
export function row(rule: string, what: string, specs: Specs, said: Said = {}): PathCase {
  const root = authority({ subject: 'table root', ...specs.root });
  const middle = specs.middle ? authority({ subject: 'table middle', ...specs.middle }, root) : root;
  const issuing = authority({ subject: 'table CA', ...specs.ca }, middle);
  const profile = [keyUsage(0x80), extendedKeyUsage(['codeSigning']), subjectAltName(['uri', 'https://ci.example/app'])];
  const leaf = made({ subject: 'table leaf', ...specs.leaf }, profile, issuing);
  const chain = [issuing, ...(specs.middle ? [middle] : []), root].map(({ der }) => der);
  return { rule, what, leaf: leaf.der, chain, purpose: 'codeSigning', ...said };
}

/** An extension that is not written. */
export const leftOut = (id: string): { readonly oid: string; readonly leftOut: true } => ({ oid: id, leftOut: true });
