import { messageOf } from '../error.ts';
import { type Certificate, OID } from './certificate.ts';
import { bytesOf, child, type Der, isContext, readDer } from './der.ts';
import { emailAddressesIn, isWithin, relativeNames } from './distinguished-name.ts';

/** The names a CA may certify, and those it may not (RFC 5280, 4.2.1.10). Names and bases are in DER, under their form. */
type NameConstraints = { readonly permitted: readonly Name[]; readonly excluded: readonly Name[] };

type Name = { readonly form: number; readonly value: Buffer };

const FORMS = [
  'other names',
  'e-mail addresses',
  'hosts',
  'X.400 addresses',
  'directory names',
  'EDI names',
  'URIs',
  'IP addresses',
  'registered ids',
];
const EMAIL = 1;
const HOST = 2;
const DIRECTORY = 4;
const URI = 6;

/** Reads NameConstraints; `undefined` where there are none. Throws an Error for what is malformed. */
function nameConstraintsOf(certificate: Certificate): NameConstraints | undefined {
  const extension = certificate.extensions.get(OID.nameConstraints);
  if (!extension) return undefined;
  const parts = readDer(extension.value).subs;
  if (parts.length === 0 || !parts.every((part) => isContext(part, 0) || isContext(part, 1)))
    throw new Error('they are malformed');
  const subtrees = (number: number): Name[] =>
    parts.filter((part) => isContext(part, number)).flatMap(({ subs }) => subs.map(readBase));
  return { permitted: subtrees(0), excluded: subtrees(1) };
}

/** Minimum and maximum are not used with any name form: minimum is 0 and not written. */
function readBase(subtree: Der): Name {
  if (subtree.subs.length !== 1) throw new Error('a subtree has a minimum or maximum, which is not supported');
  return readName(child(subtree, 0));
}

function readName(name: Der): Name {
  return { form: name.tag.number, value: name.tag.number === DIRECTORY ? bytesOf(child(name, 0)) : name.value };
}

/** Why the names of a certificate are none that a CA above it may certify, where they are not. */
export function whyNotNamed(certificate: Certificate, ca: Certificate): string | undefined {
  try {
    const constraints = nameConstraintsOf(ca);
    return constraints && whyNotWithin(certificate, constraints);
  } catch (error) {
    return `cannot be held to its name constraints: ${messageOf(error)}`;
  }
}

function whyNotWithin(certificate: Certificate, { permitted, excluded }: NameConstraints): string | undefined {
  for (const name of namesOf(certificate)) {
    const ofForm = (bases: readonly Name[]): readonly Name[] => bases.filter(({ form }) => form === name.form);
    const allowed = ofForm(permitted);
    const forbidden = ofForm(excluded);
    if (allowed.length + forbidden.length === 0) continue;
    const what = FORMS[name.form] ?? 'its names';
    const matches = MATCHES[name.form];
    if (!matches) return `has ${what}, which its name constraints say something of that is not supported`;
    if (forbidden.some((base) => matches(name.value, base.value))) return `is excluded by its name constraints on ${what}`;
    if (allowed.length > 0 && !allowed.some((base) => matches(name.value, base.value)))
      return `is not permitted by its name constraints on ${what}`;
  }
  return undefined;
}

function namesOf(certificate: Certificate): Name[] {
  const extension = certificate.extensions.get(OID.subjectAlternativeName);
  const subject = readDer(certificate.subject).subs.length > 0 ? [{ form: DIRECTORY, value: certificate.subject }] : [];
  const emails = emailAddressesIn(certificate.subject).map((text) => ({ form: EMAIL, value: Buffer.from(text, 'latin1') }));
  return [...subject, ...emails, ...(extension ? readDer(extension.value).subs.map(readName) : [])];
}

const MATCHES: { readonly [form: number]: (name: Buffer, base: Buffer) => boolean } = {
  [EMAIL]: isEmailWithin,
  [HOST]: (name, base) => isHostWithin(hostName(textOf(name)), textOf(base)),
  [DIRECTORY]: (name, base) => isWithin(relativeNames(name), relativeNames(base)),
  [URI]: (name, base) => isExactlyWithin(hostOfUri(textOf(name)), textOf(base)),
};

/** A host's base is the host and all below it; with a dot before it, what is below alone. */
function isHostWithin(host: string, base: string): boolean {
  const lower = base.toLowerCase();
  return lower === '' || host === lower || host.endsWith(lower.startsWith('.') ? lower : `.${lower}`);
}

/** The base of URIs and mailboxes is one host; with a dot before it, every host below. */
function isExactlyWithin(host: string, base: string): boolean {
  const lower = base.toLowerCase();
  return lower === '' || (lower.startsWith('.') ? host.endsWith(lower) : host === lower);
}

function isEmailWithin(name: Buffer, base: Buffer): boolean {
  const [text, wanted] = [textOf(name), textOf(base)];
  const at = text.lastIndexOf('@');
  const host = hostName(text.slice(at + 1));
  if (at < 1) throw new Error('an e-mail address that is none');
  const mailbox = wanted.lastIndexOf('@');
  if (mailbox < 0) return isExactlyWithin(host, wanted);
  return text.slice(0, at) === wanted.slice(0, mailbox) && host === wanted.slice(mailbox + 1).toLowerCase();
}

/** The host of a URI, which must have one by name: with an address in its place, or a user before it, nothing can be said of it. */
function hostOfUri(uri: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1] ?? '';
  const host = hostName(authority.replace(/:\d*$/, ''));
  if (/^[\d.]+$/.test(host)) throw new Error('a URI of an IP address, which constraints say nothing of');
  return host;
}

function hostName(text: string): string {
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text)) throw new Error('a name whose host cannot be read');
  return text.toLowerCase();
}

function textOf(value: Buffer): string {
  if (value.some((byte) => byte < 0x20 || byte > 0x7e)) throw new Error('a name with characters outside printable ASCII');
  return value.toString('latin1');
}
