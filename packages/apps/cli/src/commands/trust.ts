import type { IssuerChain, IssuerChainRequest } from '@signwright/certificates';
import { readBounded } from '@signwright/files';
import { safeJson } from '@signwright/report';
import {
  type Authority,
  checkSigned,
  expiryOf,
  isTrial,
  SignwrightError,
  type TrustRoot,
  type TrustRootFiles,
  whoText,
} from '@signwright/signing-core';
import { isCi } from '../context/ci-job.ts';
import { parseInstant } from '../context/instant.ts';
import type { Run } from '../context/run.ts';
import { originOfCheckout } from '../context/source-context.ts';
import { readTrustRoot } from '../context/trust-root-files.ts';
import { printLines, printNote } from '../print-lines.ts';

const MAX_FILE = 4 * 1024 * 1024;

export type TrustInitOptions = { readonly directory: string; readonly repository?: string; readonly ref: string };

/** `signwright trust init --trial`: a whole trust domain for trying things out, which every verdict calls development. */
export async function trustInit({ directory, repository, ref }: TrustInitOptions): Promise<void> {
  const origin = repository ?? (await originOfCheckout());
  const { createTrialDomain } = await import('@signwright/certificates');
  const domain = await createTrialDomain(directory, {
    identity: { ref, ...(origin === undefined ? {} : { repository: origin }) },
    now: new Date(),
  });
  const claims = await domain.claims();
  printLines([
    `a trial trust domain is in ${directory}: for trying things out, never for production`,
    `  it certifies jobs of ${claims.repository} at ${claims.ref} (edit identity.json to be another)`,
    '',
    'what the policy needs to use it:',
    `  trust: { root: ${directory}/trusted-root.json, timestamp: { trial: ${directory} } }`,
    `  signers: { build: { certificate: { trial: ${directory} }, workloads: [ci] } }`,
    `  workloads: { ci: { issuer: https://trial.signwright.invalid, repository: "${claims.repository}", ref: ${claims.ref} } }`,
    '  environments: { default: { allow-development: true } }',
    '"signwright init" writes such a policy.',
  ]);
}

/** `signwright trust show FILE` */
export async function trustShow(file: string, { output }: { readonly output: 'text' | 'json' }): Promise<void> {
  const found = await readTrustRoot(file);
  const { root, issuersDigest } = found;
  const standing = await standingOf(found);
  if (output === 'json') {
    process.stdout.write(safeJson({ ...described(file, root, issuersDigest ?? undefined), ...standing.json }));
    return;
  }
  const lines = [`trust root ${file}`, `  digest ${root.digest} (what an anchor pins as trust-root-sha256)`];
  if (issuersDigest !== null) lines.push(`  its issuers ${issuersDigest} (what an anchor pins as trust-root-issuers-sha256)`);
  lines.push(...standing.lines);
  for (const authority of root.certificateAuthorities)
    lines.push(
      'certificate authority',
      ...describe(authority),
      `  may assert ${authority.issuers?.join(', ') ?? 'no issuer: nothing it certifies counts (signwright trust add --issuer)'}`,
      ...(authority.withoutRevocation === undefined
        ? []
        : [`  certificates of ${authority.withoutRevocation} s and less need no answer on revocation`]),
    );
  for (const authority of root.timestampAuthorities) lines.push('timestamp authority', ...describe(authority));
  lines.push(`transparency logs: ${root.logs}`);
  printLines(lines);
}

type Standing = { readonly lines: readonly string[]; readonly json: object };

/** Which edition it is, if any, and whose word makes the next. */
async function standingOf(found: TrustRootFiles): Promise<Standing> {
  const { owners, signatures } = found;
  const who = owners?.owners.map(whoText) ?? [];
  const owned = {
    lines: owners === undefined ? [] : [`  owners, of whom ${owners.threshold} must sign: ${who.join(', ')}`],
    json: owners === undefined ? {} : { owners: { digest: owners.digest, threshold: owners.threshold, owners: owners.owners } },
  };
  if (signatures.length === 0)
    return { lines: ['  not signed: it has no version and no expiry (signwright trust sign)', ...owned.lines], json: owned.json };
  try {
    const { edition, signedBy } = await checkSigned(found);
    const { name, version, expires } = edition;
    const until = new Date(expires).toISOString();
    const { state } = expiryOf(edition, Date.now());
    const by = signedBy.owners.map(whoText);
    return {
      lines: [
        `  ${name}, version ${version}, ${state === 'expired' ? 'expired' : 'until'} ${until}`,
        `  signed by ${by.join(', ')}`,
        ...owned.lines,
      ],
      json: {
        edition: { name, version, expires: until, expired: state === 'expired', signedBy: signedBy.owners },
        ...owned.json,
      },
    };
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return {
      lines: [`  NOT the edition signed beside it: ${error.message}`, ...owned.lines],
      json: { edition: { fault: error.message }, ...owned.json },
    };
  }
}

function described(
  file: string,
  { digest, certificateAuthorities, timestampAuthorities, logs }: TrustRoot,
  issuersDigest: string | undefined,
): object {
  const authority = ({ chain, validFrom, validUntil, issuers, withoutRevocation }: Authority): object => ({
    chain: chain.map((one) => ({
      subject: one.subjectText,
      sha256: one.fingerprint,
      notAfter: new Date(one.notAfter).toISOString(),
      trial: isTrial(one),
    })),
    validFrom: new Date(validFrom).toISOString(),
    ...(validUntil === undefined ? {} : { validUntil: new Date(validUntil).toISOString() }),
    ...(issuers === undefined ? {} : { issuers }),
    ...(withoutRevocation === undefined ? {} : { withoutRevocationSeconds: withoutRevocation }),
  });
  return {
    version: 1,
    file,
    digest,
    ...(issuersDigest === undefined ? {} : { issuersDigest }),
    certificateAuthorities: certificateAuthorities.map(authority),
    timestampAuthorities: timestampAuthorities.map(authority),
    transparencyLogs: logs,
  };
}

function describe({ chain, validFrom, validUntil }: Authority): string[] {
  const until = validUntil === undefined ? 'on' : `until ${new Date(validUntil).toISOString()}`;
  return [
    ...chain.flatMap((one) => [
      `  ${one.subjectText}${isTrial(one) ? ' (trial)' : ''}`,
      `    sha256 ${one.fingerprint}, valid to ${new Date(one.notAfter).toISOString()}`,
    ]),
    `  trusted from ${new Date(validFrom).toISOString()} ${until}`,
  ];
}

export type TrustAddOptions = {
  readonly certificateAuthority?: string;
  readonly fromIssuer?: string;
  readonly fingerprint?: string;
  readonly issuer?: string[];
  readonly timestampAuthority?: string;
  readonly from?: string;
  readonly withoutRevocation?: string;
};

/** `signwright trust add FILE` */
export async function trustAdd(file: string, options: TrustAddOptions, { signal }: Run): Promise<void> {
  refuseInJob(file);
  const pem = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : (await readBounded(path, MAX_FILE, 'the chain')).toString('utf8');
  const [named, timestampAuthority] = await Promise.all([pem(options.certificateAuthority), pem(options.timestampAuthority)]);
  const certificateAuthority = options.fromIssuer === undefined ? named : await chainsOf(options.fromIssuer, options, signal);
  const { addToTrustRoot } = await import('@signwright/certificates');
  await addToTrustRoot(file, {
    issuers: options.issuer ?? [],
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(timestampAuthority === undefined ? {} : { timestampAuthority }),
    ...(options.fromIssuer === undefined ? {} : { uri: options.fromIssuer }),
    ...(options.withoutRevocation === undefined ? {} : { withoutRevocation: options.withoutRevocation }),
    ...(options.from === undefined ? {} : { from: new Date(parseInstant(options.from, '--from')) }),
  });
  await trustShow(file, { output: 'text' });
}

/** A root that a job may change is one that whoever controls the job may change: people edit it, and review what they edit. */
function refuseInJob(file: string): void {
  if (!isCi()) return;
  throw new SignwrightError('denied', 'a job of a CI does not edit a trust root', {
    where: file,
    next: 'edit it on your own machine, have the change reviewed, and check it in',
  });
}

/** The chains of an issuer, which verify up to the root with this fingerprint, whoever answered. */
async function chainsOf(
  url: string,
  { fingerprint, issuer = [] }: TrustAddOptions,
  signal: AbortSignal,
): Promise<IssuerChain['chains']> {
  if (fingerprint === undefined) {
    throw new SignwrightError('usage', '--from-issuer needs --fingerprint: without it, whoever answers would be trusted', {
      next: 'ask the operator of the issuer: openssl x509 -in root.pem -noout -fingerprint -sha256',
    });
  }
  const { chains, issuers } = await fetchChain({ url, fingerprint, signal });
  const unknown = issuer.filter((one) => issuers.length > 0 && !issuers.includes(one));
  if (unknown.length > 0)
    printNote(`warning: it does not say that it takes tokens of ${unknown.join(', ')}; it takes those of ${issuers.join(', ')}`);
  if (issuer.length > 0) return chains;
  throw new SignwrightError('usage', 'the chain is trusted only for the OIDC issuers named with it, and none is', {
    next:
      issuers.length === 0
        ? 'name them: --issuer https://gitlab.example'
        : `name those you mean of what it takes: ${issuers.map((one) => `--issuer ${one}`).join(' ')}`,
  });
}

/** A Fulcio, else a step-ca: which it is shows when it is asked. */
async function fetchChain(request: Omit<IssuerChainRequest, 'type'>): Promise<IssuerChain> {
  const { fetchIssuerChain } = await import('@signwright/certificates');
  try {
    return await fetchIssuerChain({ type: 'fulcio', ...request });
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
    return fetchIssuerChain({ type: 'step-ca', ...request }).catch((other: unknown) => {
      if (!(other instanceof SignwrightError) || other.code !== 'configuration') throw other;
      throw new SignwrightError('configuration', `${error.message}; nor is it a step-ca: ${other.message}`, {
        where: URL.canParse(request.url) ? new URL(request.url).host : '--from-issuer',
        ...(other.next === undefined ? {} : { next: other.next }),
      });
    });
  }
}
