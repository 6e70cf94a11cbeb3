import { join } from 'node:path';
import type { RevocationDefinition } from '@signwright/policy';
import type { CheckedSource } from '@signwright/revocation';
import {
  type AnsweredCertificate,
  type Certificate,
  judgeRevocation,
  type RevocationSource,
  type RevocationStatus,
  type TrustedTime,
  type TrustRoot,
  type VerifiedStatement,
} from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';
import { cacheDirectory } from './open-store.ts';

/** Evidence that rests on certificates. */
type Rests = { readonly time: TrustedTime } & Pick<VerifiedStatement, 'reliedOn' | 'revocation'>;

/** Gives evidence back with what speaks against it, where a certificate it rests on is revoked or may be. */
export type RevocationJudge = <T extends Rests>(one: T) => Promise<T>;

const sources = new WeakMap<OpenPolicy, Promise<CheckedSource>>();

/**
 * Whoever knows of revocation, as the policy wants it asked; nobody where it wants nothing. What they are told is read from CRLs and
 * responders, now.
 */
export async function openRevocation(open: OpenPolicy): Promise<CheckedSource | undefined> {
  if (modeOf(open) === 'off') return undefined;
  const source = sources.get(open) ?? makeSource(open);
  sources.set(open, source);
  return source;
}

function modeOf({ policy }: OpenPolicy): RevocationDefinition['mode'] {
  return policy.trust?.revocation?.mode ?? 'off';
}

async function makeSource(open: OpenPolicy): Promise<CheckedSource> {
  const { crls = [], allowPrivate = false, maxAge } = open.policy.trust?.revocation ?? {};
  const [{ createRevocationSource }, { readBounded }] = await Promise.all([
    import('@signwright/revocation'),
    import('@signwright/files'),
  ]);
  return createRevocationSource({
    cacheDirectory: join(cacheDirectory(), 'revocation'),
    issuers: issuersOf(open),
    crls: crls.map((place) => (/^https?:\/\//.test(place) ? place : join(open.directory, place))),
    allowPrivate,
    ...(maxAge === undefined ? {} : { maxAge }),
    readFile: (path, maxBytes) => readBounded(path, maxBytes, 'the CRL'),
  });
}

/** Every CA that may have signed a CRL: of the trust root, and of vendors'. */
export function issuersOf({ policy, trustRoot }: OpenPolicy): readonly Certificate[] {
  const roots = [trustRoot, ...[...policy.vendors.values()].map(({ rule }) => rule.root)];
  const all = roots.flatMap((root) => (root === undefined ? [] : certificatesOf(root)));
  return [...new Map(all.map((one) => [one.fingerprint, one])).values()];
}

function certificatesOf({ certificateAuthorities, timestampAuthorities }: TrustRoot): readonly Certificate[] {
  return [...certificateAuthorities, ...timestampAuthorities].flatMap(({ chain }) => [...chain]);
}

/**
 * Judges evidence by the certificates it rests on, each asked about once. What is known now counts, whatever instant a verdict speaks of:
 * a revocation is never undone.
 *
 * @param kept CRLs that lie with the evidence; they alone are asked where it is judged offline.
 */
export async function revocationJudge(open: OpenPolicy, kept: readonly Uint8Array[] = []): Promise<RevocationJudge> {
  if (modeOf(open) === 'off') return async (one) => one;
  const source = open.offline ? await archived(open, kept) : ((await openRevocation(open)) as RevocationSource);
  const asked = new Map<string, Promise<RevocationStatus>>();
  const now = Date.now();
  return async (one) => {
    // An archive speaks as of when it was made: of each certificate, as of when it signed.
    const at = open.offline ? one.time.at : now;
    const found = await Promise.all(
      (one.reliedOn ?? []).map(async (of): Promise<AnsweredCertificate> => {
        const { certificate, issuer } = of;
        const key = `${certificate.fingerprint} ${issuer.fingerprint} ${at}`;
        const status = asked.get(key) ?? source.status(certificate, issuer, at);
        asked.set(key, status);
        return { of, status: await status };
      }),
    );
    const standing = judgeRevocation(found, one.time.at);
    const passes = standing.status === 'good' || (standing.status === 'unknown' && modeOf(open) === 'prefer');
    return passes ? one : { ...one, revocation: standing };
  };
}

async function archived(open: OpenPolicy, kept: readonly Uint8Array[]): Promise<RevocationSource> {
  const { archivedSource } = await import('@signwright/revocation');
  return archivedSource(kept, issuersOf(open));
}
