import { existsSync } from 'node:fs';
import { readBounded } from '@signwright/files';
import { nearestWord, workloadRule } from '@signwright/policy';
import {
  type Authority,
  type Certificate,
  type Compromise,
  identityOf,
  isSha256,
  keyIdOf,
  parseCertificate,
  type ReadRecord,
  Refused,
  type Sha256,
  SignwrightError,
  type WorkloadRule,
  whyNotWorkload,
} from '@signwright/signing-core';
import { plainSerial } from '../certificates/plain-serial.ts';
import { parseInstant } from '../context/instant.ts';
import { signingKeyFrom } from '../context/key-id.ts';
import type { OpenPolicy } from '../context/open-policy.ts';

export type ScopeOptions = {
  readonly key?: string;
  readonly certificate?: string;
  readonly workload?: string;
  readonly since?: string;
  readonly until?: string;
};

/** What was compromised, found in the policy, and how what it signed is known. */
export type Scope = {
  readonly compromise: Compromise;
  /** Milliseconds since 1970 UTC. */
  readonly since?: number;
  readonly until?: number;
  /** For people. */
  readonly name: string;
  /** The workload, of a workload. */
  readonly workload?: WorkloadRule;
  /** The certificate, as far as it is at hand. */
  readonly certificate?: { readonly der?: Buffer; readonly serial?: string; readonly digest?: Sha256 };
  /** The CAs of the trust root whose certificate or key it is, or that of a root above them. */
  readonly authorities: readonly Authority[];
  /** Whether a signature is by it, as its bundle says. */
  signed(by: SignedBy): boolean;
  /** Whether a record of the log is, or may be, of what it signed: the evidence it names tells, where that is there. */
  isRecorded(record: ReadRecord['record']): boolean;
};

/** A hint at a public key, or the certificate. */
export type SignedBy = { readonly hint: string } | { readonly leaf: Certificate };

/**
 * Finds what a person names as compromised.
 *
 * @throws SignwrightError `usage` where it is nothing, or several things.
 */
export async function findScope(open: OpenPolicy, options: ScopeOptions): Promise<Scope> {
  const { key, certificate, workload } = options;
  const [since, until] = [instant(options.since, '--since'), instant(options.until, '--until')];
  const named = [key, certificate, workload].filter((one) => one !== undefined);
  if (named.length > 1)
    throw usage('more than one thing at once', 'name one of --key, --certificate and --workload, and run it once for each');
  if (since !== undefined && until !== undefined && since >= until)
    throw usage('the time ends before it begins', 'swap --since and --until');
  const times = {
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
  const found = { times, ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  if (until !== undefined && (key ?? certificate) !== undefined)
    throw usage('what was stolen once is never safe again', 'leave --until out; it goes with --workload, and with --since alone');
  if (key !== undefined) {
    const id = await keyNamed(open, key);
    refuseTimestamps(open, (one) => keyIdOf(one.publicKey) === id);
    return ofKey(open, id, found);
  }
  if (certificate !== undefined) {
    const named = await certificateNamed(certificate);
    refuseTimestamps(open, (one) => isSame(named, certificateOf(one)));
    return ofCertificate(open, named, found);
  }
  if (workload !== undefined) return ofWorkload(open, workload, found);
  if (since === undefined) throw usage('nothing is named', 'give --key, --certificate or --workload, or a time by --since');
  return {
    ...rest(found),
    compromise: { what: 'time', ...times },
    name: 'whatever was signed',
    authorities: [],
    signed: () => true,
    isRecorded: () => true,
  };
}

type Found = { readonly times: Pick<Compromise, 'since' | 'until'>; readonly since?: number; readonly until?: number };

function rest({ times: _, ...since }: Found): Pick<Scope, 'since' | 'until'> {
  return since;
}

/** A key of the policy by its reference, else as {@link signingKeyFrom}. */
async function keyNamed(open: OpenPolicy, text: string): Promise<string> {
  const keys = [...open.policy.signers.values()].flatMap(({ keys }) => keys);
  const ids = new Set(keys.filter(({ ref }) => ref === text).map(({ rule }) => rule.keyId));
  if (ids.size > 1)
    throw usage(
      `the policy pins several public keys for ${text}`,
      "name the one that is meant by its id, or its public key's file",
    );
  return [...ids][0] ?? signingKeyFrom(text, open);
}

function ofKey({ policy, trustRoot }: OpenPolicy, id: string, found: Found): Scope {
  const signers = [...policy.signers.values()].filter(({ keys }) => keys.some(({ rule }) => rule.keyId === id));
  const people = [...policy.people.values()].filter(({ keys }) => keys.some(({ fingerprint }) => fingerprint === id));
  const owners = [...signers.map((signer) => `signer ${signer.id}`), ...people.map((person) => person.id)];
  const authorities = (trustRoot?.certificateAuthorities ?? []).filter(({ chain }) =>
    chain.some((one) => keyIdOf(one.publicKey) === id),
  );
  return {
    ...rest(found),
    compromise: { what: 'key', id, ...found.times },
    name: `the key ${id}${owners.length === 0 ? '' : ` of ${owners.join(', ')}`}`,
    authorities,
    signed: (by) => ('hint' in by ? by.hint === id : keyIdOf(by.leaf.publicKey) === id || isIssuedBy(by.leaf, authorities)),
    isRecorded: (record) =>
      ('signer' in record && record.signer.key === id) ||
      mayBeIssuedBy(record, authorities) ||
      ((record.event === 'approval' || record.event === 'incident') && record.key === id),
  };
}

async function certificateNamed(text: string): Promise<NonNullable<Scope['certificate']>> {
  if (isSha256(text)) return { digest: text };
  if (existsSync(text)) {
    const bytes = await readBounded(text, 65_536, 'the certificate');
    const pem = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/.exec(bytes.toString('latin1'));
    return certificateOf(parseCertificate(pem === null ? bytes : Buffer.from(pem[1] ?? '', 'base64'), text));
  }
  const serial = plainSerial(text);
  if (/^[0-9a-f]{1,64}$/.test(serial)) return { serial };
  throw usage(
    `${JSON.stringify(text)} names no certificate`,
    'give its file, its serial number in hex, or sha256: and its digest',
  );
}

function certificateOf({ der, serialNumber, fingerprint }: Certificate): NonNullable<Scope['certificate']> {
  return { der, serial: plainSerial(serialNumber.toString('hex')), digest: `sha256:${fingerprint}` };
}

type NamedCertificate = { readonly serial?: string; readonly digest?: Sha256 };

function isSame(named: NamedCertificate, one: NamedCertificate): boolean {
  return named.digest === undefined ? one.serial === named.serial : one.digest === named.digest;
}

/** @throws SignwrightError `usage` where it is of a timestamp authority: what it attested is of others, who were not compromised. */
function refuseTimestamps({ policy, trustRoot }: OpenPolicy, isIt: (certificate: Certificate) => boolean): void {
  const authority = (trustRoot?.timestampAuthorities ?? []).find(({ chain }) => isIt(chain[0]));
  if (authority === undefined) return;
  const root = policy.trust?.root?.path ?? 'TRUST-ROOT';
  throw usage(
    `that is the timestamp authority ${authority.chain[0].subjectText}: what it attested is in doubt, whoever signed it`,
    `end it at the last instant you are sure of (signwright trust retire ${root} --authority NAME --until TIME), and run this with --since alone for what was signed from then on`,
  );
}

function ofCertificate({ trustRoot }: OpenPolicy, named: NonNullable<Scope['certificate']>, found: Found): Scope {
  const isIt = (one: NamedCertificate): boolean => isSame(named, one);
  const authorities = (trustRoot?.certificateAuthorities ?? []).filter(({ chain }) =>
    chain.some((one) => isIt(certificateOf(one))),
  );
  const ca = authorities.flatMap(({ chain }) => chain).find((one) => isIt(certificateOf(one)));
  const certificate = ca === undefined ? named : certificateOf(ca);
  const id = certificate.digest ?? certificate.serial ?? '';
  return {
    ...rest(found),
    compromise: { what: 'certificate', id, ...found.times },
    name: ca === undefined ? `the certificate ${id}` : `the CA ${ca.subjectText} (${id})`,
    certificate,
    authorities,
    signed: (by) => 'leaf' in by && (isIt(certificateOf(by.leaf)) || isIssuedBy(by.leaf, authorities)),
    isRecorded: (record) => {
      const used = 'signer' in record ? record.signer.certificate : undefined;
      return (
        mayBeIssuedBy(record, authorities) ||
        (used !== undefined && isIt({ serial: plainSerial(used.serial), digest: used.digest }))
      );
    },
  };
}

/** A record names a certificate and not who issued it: where a CA is compromised, any may be of it. */
function mayBeIssuedBy(record: ReadRecord['record'], authorities: readonly Authority[]): boolean {
  return authorities.length > 0 && 'signer' in record && record.signer.certificate !== undefined;
}

/** Whether one of these CAs signed it: its name alone anybody may write. */
function isIssuedBy(leaf: Certificate, authorities: readonly Authority[]): boolean {
  return authorities.some(({ chain: [issuer] }) => leaf.issuer.equals(issuer.subject) && leaf.isSignedBy(issuer));
}

function ofWorkload({ policy, trustRoot, file }: OpenPolicy, id: string, found: Found): Scope {
  const workloads = policy.layers.at(-1)?.scope.workloads;
  const [workload] = workloadRule(id, workloads?.get(id)?.value);
  if (workload === undefined) {
    const names = [...(workloads?.keys() ?? [])];
    const near = nearestWord(id, names);
    throw new SignwrightError('usage', `the policy has no workload ${JSON.stringify(id)}; it has ${names.join(', ')}`, {
      where: file,
      ...(near === undefined ? {} : { next: `did you mean ${near}?` }),
    });
  }
  const isOf = (leaf: Certificate): boolean => {
    const authority = trustRoot?.certificateAuthorities.find(({ chain }) => leaf.issuer.equals(chain[0].subject));
    try {
      return whyNotWorkload(identityOf(leaf, authority), workload) === undefined;
    } catch (error) {
      // A certificate that says nothing of a job is no workload's.
      if (error instanceof Refused) return false;
      throw error;
    }
  };
  return {
    ...rest(found),
    compromise: { what: 'workload', id, ...found.times },
    name: `the workload ${id}`,
    workload,
    authorities: [],
    signed: (by) => 'leaf' in by && isOf(by.leaf),
    isRecorded: (record) => {
      const certified = 'requester' in record ? record.requester.certified : undefined;
      return (
        certified !== undefined &&
        whyNotWorkload({ issuer: certified['issuer'] ?? '', claims: certified }, workload) === undefined
      );
    },
  };
}

function instant(text: string | undefined, flag: string): number | undefined {
  return text === undefined ? undefined : parseInstant(text, flag);
}

function usage(message: string, next: string): SignwrightError {
  return new SignwrightError('usage', message, { next });
}
