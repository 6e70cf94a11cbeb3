import { createHash, type KeyObject } from 'node:crypto';
import type { Bundle } from './bundle.ts';
import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { quoted } from './formats/quoted.ts';
import { algorithmsOf, keyIdOf } from './keys.ts';
import { Refused } from './refused.ts';
import { type ReliedOn, reliedOn } from './revocation/relied-on.ts';
import type { SshPublicKey } from './ssh/ssh-public-key.ts';
import { verifySshSignature } from './ssh/ssh-signature.ts';
import { parseStatement } from './statement.ts';
import { type TrustedTime, verifyTimestamp } from './timestamp/verify-timestamp.ts';
import type { TrustRoot } from './trust-root.ts';
import { hashesOf, verifyDigest, verifyMessage } from './verify-signature.ts';
import { type Certificate, parseCertificate } from './x509/certificate.ts';
import { type CertifiedIdentity, identityOf } from './x509/claims.ts';
import { type Authority, checkPath } from './x509/path.ts';

/** The bytes a file signature is over: small ones whole, larger ones as their digest by the hash that is asked for. */
export type SignedFile = { readonly message: Uint8Array } | { digest(hash: string): Promise<Uint8Array> };

/** What a bundle is verified against. */
export type BundleTrust = {
  readonly root?: TrustRoot;
  /** The public key a hint stands for; throws or returns `undefined` where it is none of ours. */
  keyFor(hint: string): KeyObject | undefined;
  /** The SSH key a fingerprint stands for. People sign envelopes with SSH keys; where this is absent, nobody's counts. */
  sshKeyFor?(fingerprint: string): SshPublicKey | undefined;
  /** The file, where the bundle signs one. */
  readonly file?: SignedFile;
};

/** Who signed: a key, which proves the key and not the job, a person's SSH key, or a workload or person by what a certificate says. */
export type Author =
  | { readonly type: 'key'; readonly keyId: string }
  | { readonly type: 'ssh'; readonly fingerprint: string }
  | ({ readonly type: 'certificate' } & CertifiedIdentity);

/** A bundle whose signature holds, by whom and when. */
export type VerifiedBundle = {
  readonly author: Author;
  /** The certificate authority it was traced to. */
  readonly authority?: Authority;
  /** Trusted times, earliest first; empty only for a key whose bundle carries none. */
  readonly times: readonly TrustedTime[];
  /** Whether it rests on a trial authority, for the certificate or for the time. */
  readonly development: boolean;
  /** The certificates it rests on: the signer's path, and that of who attested the earliest time. */
  readonly reliedOn: readonly ReliedOn[];
};

/**
 * Verifies one bundle, without a policy: times → signer → log entries → signature.
 *
 * @throws Refused with the check that failed; SignwrightError `invalid-input` or `usage` where there is nothing to check.
 */
export async function verifyBundle(bundle: Bundle, trust: BundleTrust): Promise<VerifiedBundle> {
  const attested = timesOf(bundle, trust.root);
  if (isBySsh(bundle)) return verifyBySsh(bundle, trust, attested);
  const leaf = bundle.key.type === 'certificate' ? leafOf(bundle.key.der) : undefined;
  const key = acceptable(leaf?.publicKey ?? pinnedKey(bundle, trust));
  if (!(await checkSignature(bundle, trust, key))) {
    throw new Refused('bad-signature', 'the signature does not hold: the signed bytes or the signature were changed');
  }
  const logged = bundle.logEntries > 0 ? await checkLogs(bundle, trust) : [];
  const times = [...attested, ...logged].sort((a, b) => a.at - b.at);
  const [earliest] = times;
  const development = earliest?.development ?? false;
  if (!leaf) return { author: { type: 'key', keyId: keyIdOf(key) }, times, development, reliedOn: earliest?.reliedOn ?? [] };
  if (!earliest) {
    throw new Refused('no-trusted-time', 'the bundle has no timestamp, so nothing says its certificate was valid when it signed');
  }
  const path = findPath(leaf, trust.root, earliest.at);
  return {
    author: { type: 'certificate', ...identityOf(leaf, path.authority) },
    authority: path.authority,
    times,
    development: development || path.development,
    reliedOn: [...reliedOn(leaf, path.authority, 'signer'), ...(earliest.reliedOn ?? [])],
  };
}

/** Whether the hint is the fingerprint of an SSH key. */
function isBySsh({ key }: Bundle): boolean {
  return key.type === 'public-key' && key.hint.startsWith('SHA256:');
}

/** A person's signature: an SSHSIG blob over the envelope, made for the type of what it signs. */
function verifyBySsh({ content, key }: Bundle, { sshKeyFor }: BundleTrust, attested: readonly TrustedTime[]): VerifiedBundle {
  const fingerprint = key.type === 'public-key' ? key.hint : '';
  const sshKey = sshKeyFor?.(fingerprint);
  if (!sshKey) throw new Refused('key-not-listed', `the SSH key ${quoted(fingerprint)} is nobody's that the policy names`);
  if (content.type !== 'envelope') throw new Refused('wrong-predicate', 'an SSH key signs statements, and this signs a file');
  const { payloadType, payload, signature } = content.envelope;
  const namespace = payloadType === IN_TOTO ? parseStatement(payload).predicateType : payloadType.split(';', 1)[0];
  verifySshSignature(signature, preAuthEncoding(payloadType, payload), { namespace: namespace ?? '', key: sshKey });
  const times = [...attested].sort((a, b) => a.at - b.at);
  const [earliest] = times;
  return {
    author: { type: 'ssh', fingerprint },
    times,
    development: earliest?.development ?? false,
    reliedOn: earliest?.reliedOn ?? [],
  };
}

/** The times of those timestamps that authorities we trust have made; a bundle whose every timestamp is bad is refused. */
function timesOf(bundle: Bundle, root: TrustRoot | undefined): TrustedTime[] {
  const signature = bundle.content.type === 'envelope' ? bundle.content.envelope.signature : bundle.content.signature;
  const failures: unknown[] = [];
  const times = bundle.timestamps.flatMap((timestamp) => {
    try {
      return [verifyTimestamp(timestamp, signature, root?.timestampAuthorities ?? [])];
    } catch (error) {
      failures.push(error);
      return [];
    }
  });
  if (times.length === 0 && failures.length > 0 && root) throw failures[0];
  return times;
}

function pinnedKey({ key }: Bundle, trust: BundleTrust): KeyObject {
  const hint = key.type === 'public-key' ? key.hint : '';
  const pinned = trust.keyFor(hint);
  if (pinned) return pinned;
  throw new Refused('key-not-listed', `the key it hints at (${quoted(hint)}) is none of those given`);
}

function acceptable(key: KeyObject): KeyObject {
  try {
    algorithmsOf(key);
    return key;
  } catch (error) {
    throw new Refused('bad-signature', (error as Error).message, error);
  }
}

function leafOf(der: Buffer): Certificate {
  try {
    return parseCertificate(der, "the bundle's certificate");
  } catch (error) {
    throw new Refused('certificate-profile', (error as Error).message, error);
  }
}

async function checkSignature({ content }: Bundle, { file }: BundleTrust, key: KeyObject): Promise<boolean> {
  if (content.type === 'envelope') {
    const { payloadType, payload, signature } = content.envelope;
    return verifyMessage(key, signature, preAuthEncoding(payloadType, payload));
  }
  if (!file) throw new Refused('wrong-predicate', 'it signs a file and no statement; no decision reads it');
  const digest = 'message' in file ? createHash(content.hash).update(file.message).digest() : await file.digest(content.hash);
  if (!content.digest.equals(digest)) throw new Refused('wrong-subject', 'the bundle is for another file: its digest differs');
  if (!hashesOf(key).includes(content.hash)) throw new Refused('bad-signature', `its key does not sign ${content.hash} digests`);
  return 'message' in file
    ? verifyMessage(key, content.signature, file.message, [content.hash])
    : verifyDigest(key, content.signature, digest, content.hash);
}

/** Tries each certificate authority; the failure of the one that issued the leaf tells most. */
function findPath(leaf: Certificate, root: TrustRoot | undefined, at: number): { authority: Authority; development: boolean } {
  const failures: Refused[] = [];
  for (const authority of root?.certificateAuthorities ?? []) {
    try {
      return { authority, ...checkPath(leaf, authority, at, 'codeSigning') };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (leaf.issuer.equals(authority.chain[0].subject)) failures.unshift(error);
      else failures.push(error);
    }
  }
  throw failures[0] ?? new Refused('untrusted-certificate', 'the trust root lists no certificate authority');
}

async function checkLogs(bundle: Bundle, trust: BundleTrust): Promise<TrustedTime[]> {
  if (!trust.root || trust.root.logs === 0) return [];
  const { verifyLogEntries } = await import('./verify-log-entries.ts');
  return verifyLogEntries(bundle, trust.root, (hint) => trust.keyFor(hint));
}
