import { type ClaimName, hasControlCharacter, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { SubjectName } from './extensions.ts';
import type { CertificateKeyType } from './key-type.ts';

/** A certificate that somebody was found to have a right to: nothing here is asked again. */
export type WantedCertificate = {
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  /** The policy's name of the profile. */
  readonly profile: string;
  /** Seconds, a minute of which lies in the past. */
  readonly validity: number;
  readonly keys: readonly CertificateKeyType[];
  readonly san: SubjectName;
  /** The OIDC issuer that knew the requester. */
  readonly issuer: string;
  readonly claims: { readonly [claim in ClaimName]?: string };
  /** The source commit the job was made for. */
  readonly commit?: string;
  readonly environments?: readonly string[];
  readonly owner: string;
  readonly purpose: string;
  /** The policy's name of the workload or person. */
  readonly requester: string;
  readonly job?: string;
  readonly proofs?: readonly Sha256[];
  /** The certificate it takes over from. */
  readonly renews?: Sha256;
  readonly keyReference?: string;
};

const SHORTEST = 120;
const LONGEST_TEXT = 2000;
const NAMES = { uri: /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/, email: /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/ };

/** @throws SignwrightError `configuration` where a certificate cannot say that. */
export function checkWanted({ validity, san, issuer, claims, commit, environments }: WantedCertificate): void {
  const fail = (why: string): never => {
    throw new SignwrightError('configuration', `no certificate can be issued: ${why}`);
  };
  if (!Number.isSafeInteger(validity) || validity < SHORTEST)
    fail(`it would live ${validity} s; at least ${SHORTEST} s are needed`);
  if (san.value.length > LONGEST_TEXT || !NAMES[san.type].test(san.value))
    fail(`the name ${JSON.stringify(san.value)} is no ${san.type}`);
  const texts = { issuer, commit, ...claims };
  for (const [name, text] of [...Object.entries(texts), ...(environments ?? []).map((one) => ['environment', one] as const)])
    if (text !== undefined && (text === '' || text.length > LONGEST_TEXT || hasControlCharacter(text)))
      fail(`its ${name} is not plain text of 1 to ${LONGEST_TEXT} characters`);
  if (environments?.length === 0) fail('it is for no environment');
}
