import type { X509Certificate } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  BRIEF,
  briefSeconds,
  type Certificate,
  issuersPathOf,
  type Json,
  type JsonObject,
  messageOf,
  OID,
  parseCertificate,
  parseStrictJson,
  parseTrustRoot,
  SignwrightError,
} from '@signwright/signing-core';
import { isExactIssuer } from './issuer-address.ts';
import { oneLine, readPemChain } from './pem-chain.ts';
import { authorityEntry, emptyIssuers, emptyTrustRoot, fingerprintOf, issuersEntry, written } from './trust-root-file.ts';
import { replaceFile } from './write-durably.ts';

/** What to add; at least one of the two authorities. */
export type AddToTrustRoot = {
  /** PEM chain: the issuing CA first, the root last. Of several, those that are there already are left as they are. */
  certificateAuthority?: string | readonly [string, ...string[]];
  /** PEM chain: the authority's own certificate first, the root last. */
  timestampAuthority?: string;
  /** OIDC issuers the certificate authority may assert; at least one for it. */
  issuers: readonly string[];
  /** The longest life of certificates of the CA that need no answer on revocation, because they live so briefly: `10m`. */
  withoutRevocation?: string;
  /** Where the authority can be reached, for people. */
  uri?: string;
  /** From when it is trusted; the start of its first certificate's validity unless told. */
  from?: Date;
};

type Kind = 'certificateAuthorities' | 'timestampAuthorities';
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Adds an authority to a trust root and its issuers file, making them where there are none. What is in them stays as it is; a file
 * that the verifier would refuse is refused here.
 *
 * @throws SignwrightError `usage` where nothing or a CA without issuers is to be added, `invalid-input` for a bad chain or file,
 * `configuration` for an authority that is there, `unreachable` where the files cannot be written.
 */
export async function addToTrustRoot(path: string, add: AddToTrustRoot): Promise<void> {
  checkRequest(add);
  const issuersPath = issuersPathOf(path);
  const root = await readObject(path, 'the trust root', emptyTrustRoot());
  const issuers = await readObject(issuersPath, 'the issuers of the trust root', emptyIssuers());
  let newRoot = root.value;
  let newIssuers = issuers.value;
  if (add.certificateAuthority !== undefined) {
    const chains = [add.certificateAuthority].flat().map((pem) => readPemChain(pem, 'the certificate authority'));
    for (const chain of chains) {
      chain.forEach(checkCa);
      if (chains.length > 1 && isThere(newRoot, 'certificateAuthorities', chain[0])) continue;
      newRoot = append(newRoot, 'certificateAuthorities', chain, add, path);
      newIssuers = {
        ...newIssuers,
        certificateAuthorities: [
          ...list(newIssuers, 'certificateAuthorities'),
          issuersEntry(chain[0], add.issuers, add.withoutRevocation),
        ],
      };
    }
  }
  if (add.timestampAuthority !== undefined) {
    const chain = readPemChain(add.timestampAuthority, 'the timestamp authority');
    checkTimestamping(chain[0]);
    chain.slice(1).forEach(checkCa);
    newRoot = append(newRoot, 'timestampAuthorities', chain, add, path);
  }
  parseTrustRoot(Buffer.from(written(newRoot)), Buffer.from(written(newIssuers)), path);
  await makeDirectory(dirname(path));
  // In this order an interruption leaves an issuers entry without its CA, which allows nothing.
  if (newIssuers !== issuers.value) await replaceFile(issuersPath, written(newIssuers));
  await replaceFile(path, written(newRoot));
}

function checkRequest({ certificateAuthority, timestampAuthority, issuers, withoutRevocation }: AddToTrustRoot): void {
  if (certificateAuthority === undefined && timestampAuthority === undefined) {
    throw new SignwrightError('usage', 'there is no authority to add', {
      next: 'give the PEM chain of a certificate or timestamp authority',
    });
  }
  if (certificateAuthority !== undefined && issuers.length === 0) {
    throw new SignwrightError(
      'usage',
      'a certificate authority is trusted only for the OIDC issuers named with it, and none is',
      {
        next: 'name at least one issuer, such as https://gitlab.example',
      },
    );
  }
  if (withoutRevocation !== undefined && (certificateAuthority === undefined || briefSeconds(withoutRevocation) === undefined)) {
    throw new SignwrightError('usage', `without revocation: ${JSON.stringify(withoutRevocation.slice(0, 50))}`, {
      next: `give ${BRIEF}, with a certificate authority whose certificates live no longer`,
    });
  }
  for (const issuer of issuers) {
    if (isExactIssuer(issuer)) continue;
    throw new SignwrightError('usage', `not the exact URL of an OIDC issuer: ${JSON.stringify(issuer.slice(0, 200))}`, {
      next: 'write it as its tokens do: https://gitlab.example, without patterns; http only for one on this machine',
    });
  }
}

function checkCa(certificate: X509Certificate): void {
  if (certificate.ca) return;
  throw new SignwrightError('invalid-input', `"${oneLine(certificate.subject)}" is not a certificate authority`, {
    next: 'give CA certificates only, without the leaf below them',
  });
}

/** RFC 3161, 2.3: for timestamping alone, and critical. */
function checkTimestamping(certificate: X509Certificate): void {
  const parsed: Certificate = parseCertificate(certificate.raw, 'the timestamp authority');
  const usage = parsed.extensions.get(OID.extendedKeyUsage);
  const alone = certificate.keyUsage?.length === 1 && certificate.keyUsage[0] === OID.timeStamping;
  if (!certificate.ca && alone && usage?.critical) return;
  throw new SignwrightError(
    'invalid-input',
    `"${oneLine(certificate.subject)}" is not a timestamp authority's own certificate: it must be for timeStamping alone, marked critical`,
  );
}

function append(
  root: JsonObject,
  kind: Kind,
  chain: [X509Certificate, ...X509Certificate[]],
  add: AddToTrustRoot,
  path: string,
): JsonObject {
  const [first] = chain;
  if (isThere(root, kind, first)) {
    throw new SignwrightError(
      'configuration',
      `"${oneLine(first.subject)}" (${fingerprintOf(first).slice(0, 16)}…) is in the trust root already`,
      {
        where: path,
        next: 'leave it as it is; to trust it otherwise, take it out of the file first',
      },
    );
  }
  const entry = authorityEntry(chain, add.uri ?? add.issuers[0] ?? '', add.from ?? new Date(first.validFrom));
  return { ...root, [kind]: [...list(root, kind), entry] };
}

/** Whether an authority with this first certificate is listed. */
function isThere(root: JsonObject, kind: Kind, { raw }: X509Certificate): boolean {
  const rawBytes = JSON.stringify(raw.toString('base64'));
  return list(root, kind).some((entry) => JSON.stringify(entry).includes(`"certificates":[{"rawBytes":${rawBytes}`));
}

function list(object: JsonObject, key: string): readonly Json[] {
  const value = object[key] ?? [];
  if (Array.isArray(value)) return value as readonly Json[];
  throw new SignwrightError('invalid-input', `${key} is not a list`);
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new SignwrightError('unreachable', `its directory cannot be made: ${messageOf(cause)}`, { where: path, cause });
  }
}

async function readObject(path: string, what: string, absent: JsonObject): Promise<{ value: JsonObject }> {
  const bytes = await readBounded(path, what);
  if (bytes === undefined) return { value: absent };
  const value = parseStrictJson(bytes, { what: `${what} ${path}`, maxBytes: MAX_BYTES });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: value as JsonObject };
  throw new SignwrightError('invalid-input', `${what} is not a JSON object`, { where: path });
}

async function readBounded(path: string, what: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES)
        throw new SignwrightError('invalid-input', `${what} is larger than ${MAX_BYTES} bytes`, { where: path });
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SignwrightError('unreachable', `${what} cannot be read: ${messageOf(cause)}`, { where: path, cause });
  }
}
