import { hasControlCharacter } from '../formats/glob.ts';
import { Refused } from '../refused.ts';
import type { ClaimName } from '../requirement.ts';
import { type Certificate, OID } from './certificate.ts';
import { bytesOf, readDer, readGeneralNames, readUtf8String } from './der.ts';

/** Who a certificate says its holder is: the name in it, the OIDC issuer that knew it, and the claims that were certified. */
export type CertifiedIdentity = {
  /** The one subject alternative name: a URI or an e-mail address. */
  readonly san: string;
  readonly issuer: string;
  readonly claims: { readonly [claim in ClaimName]?: string };
  /** The environments it may sign for, where the certificate says; everywhere else it counts for nothing. */
  readonly environments?: readonly string[];
  /** The source commit the job was made for, where the certificate carries it (.13). */
  readonly commit?: string;
};

const FULCIO = '1.3.6.1.4.1.57264.1.';
const SEQUENCE = 0x30;
const ISSUER = `${FULCIO}8`;
const COMMIT = `${FULCIO}13`;
const ISSUER_V1 = `${FULCIO}1`;

/** The policy's words for a workload, and the certificate extension each is read from (Fulcio's OID directory). */
export const CLAIM_EXTENSIONS: { readonly [claim in ClaimName]: string } = {
  runner: `${FULCIO}11`,
  repository: `${FULCIO}12`,
  ref: `${FULCIO}14`,
  'repository-id': `${FULCIO}15`,
  trigger: `${FULCIO}20`,
  environment: `${FULCIO}23`,
  subject: `${FULCIO}24`,
};

/** The OIDC issuers that a trust root lets a certificate authority assert. */
type Asserting = { readonly issuers?: readonly string[] };

/**
 * Reads the identity of a code-signing leaf.
 *
 * Some authorities (Vault's PKI) cannot write Fulcio's extensions. A leaf with none of them at all, of an authority that may assert
 * one issuer alone, is that issuer's, and its name, a URI, is its subject.
 *
 * @param authority the one the leaf is traced to, as far as it is known.
 * @throws Refused `certificate-profile` where it has no or several names, no issuer, or a value that is not plain text.
 */
export function identityOf(leaf: Certificate, authority?: Asserting): CertifiedIdentity {
  const claims: { [claim in ClaimName]?: string } = {};
  for (const [claim, oid] of Object.entries(CLAIM_EXTENSIONS) as [ClaimName, string][]) {
    const value = textOf(leaf, oid);
    if (value !== undefined) claims[claim] = value;
  }
  const environments = environmentsOf(leaf);
  const issuer = textOf(leaf, ISSUER) ?? legacyIssuer(leaf);
  const commit = textOf(leaf, COMMIT);
  const more = { ...(commit === undefined ? {} : { commit }), ...(environments ? { environments } : {}) };
  if (issuer !== undefined) return { san: sanOf(leaf), issuer, claims, ...more };
  const [only, ...others] = authority?.issuers ?? [];
  if (only === undefined || others.length > 0 || [...leaf.extensions.keys()].some((oid) => oid.startsWith(FULCIO)))
    throw new Refused('certificate-profile', `the certificate names no OIDC issuer (extension ${ISSUER})`);
  const { type, value: san } = nameOf(leaf);
  if (type !== 'uri') throw new Refused('certificate-profile', 'the certificate names no OIDC issuer, and its name is no URI');
  return { san, issuer: only, claims: { subject: san }, ...more };
}

/** The environments it is for, where it says; a list that says none is nonsense. */
function environmentsOf(leaf: Certificate): readonly string[] | undefined {
  const extension = leaf.extensions.get(OID.environments);
  if (!extension) return undefined;
  let names: string[];
  try {
    const list = readDer(extension.value);
    if (list.tag.toDER() !== SEQUENCE) throw new Error('not a list');
    names = list.subs.map((one) => readUtf8String(bytesOf(one)));
  } catch (cause) {
    throw new Refused('certificate-profile', `the certificate's list of environments (${OID.environments}) is malformed`, cause);
  }
  if (names.length === 0 || names.some((one) => one === '' || hasControlCharacter(one)))
    throw new Refused(
      'certificate-profile',
      `the certificate's list of environments (${OID.environments}) has none, or is no text`,
    );
  return names;
}

function textOf(leaf: Certificate, oid: string): string | undefined {
  const extension = leaf.extensions.get(oid);
  if (!extension) return undefined;
  let text: string;
  try {
    text = readUtf8String(extension.value);
  } catch (cause) {
    throw new Refused('certificate-profile', `the certificate's extension ${oid} is malformed`, cause);
  }
  if (text === '' || hasControlCharacter(text)) {
    throw new Refused('certificate-profile', `the certificate's extension ${oid} is empty or has control characters`);
  }
  return text;
}

/** Certificates of public Sigstore from before 2023 carry the issuer as bare text. */
function legacyIssuer(leaf: Certificate): string | undefined {
  const text = leaf.extensions.get(ISSUER_V1)?.value.toString('latin1');
  return text === undefined || text === '' || hasControlCharacter(text) ? undefined : text;
}

/** The one name of a leaf. @throws Refused `certificate-profile`. */
export function sanOf(leaf: Certificate): string {
  return nameOf(leaf).value;
}

function nameOf(leaf: Certificate): { readonly type: 'uri' | 'email'; readonly value: string } {
  const extension = leaf.extensions.get(OID.subjectAlternativeName);
  let names: ReturnType<typeof readGeneralNames> = [];
  try {
    names = extension ? readGeneralNames(extension.value) : [];
  } catch (cause) {
    throw new Refused('certificate-profile', `the certificate's name is malformed: ${(cause as Error).message}`, cause);
  }
  const [only] = names;
  if (names.length !== 1 || only === undefined || (only.type !== 'uri' && only.type !== 'email') || only.value === '') {
    throw new Refused('certificate-profile', 'the certificate must carry exactly one name, a URI or an e-mail address');
  }
  return { type: only.type, value: only.value };
}
