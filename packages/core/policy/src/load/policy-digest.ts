import { canonicalDigest, type Json, type Sha256 } from '@signwright/signing-core';
import type { PolicyFile } from '../generated/policy-file.ts';
import type { ReferredFiles } from './referred-files.ts';

/**
 * The policy digest of one layer: SHA-256 over RFC 8785 of what it says, each file it refers to replaced by the SHA-256 of its
 * canonical form (SubjectPublicKeyInfo in DER, RFC 8785 of JSON), the policy it builds on by that one's policy digest. Layout,
 * comments, the order of keys and line ends, here and in those files, change nothing.
 */
export function policyDigest(content: PolicyFile, files: ReferredFiles, base: Sha256 | undefined): Sha256 {
  const resolved: { [key: string]: unknown } = { ...content };
  if (base !== undefined) resolved['extends'] = { policy: base };
  if (content.trust?.root !== undefined) {
    resolved['trust'] = { ...content.trust, root: files.roots.get(content.trust.root)?.wholeDigest ?? null };
  }
  if (content.identities !== undefined) {
    resolved['identities'] = mapValues(content.identities, (identity) => ({
      ...identity,
      root: files.roots.get(identity.root)?.wholeDigest ?? null,
    }));
  }
  if (content.signers !== undefined) {
    resolved['signers'] = mapValues(content.signers, (signer) =>
      signer.keys === undefined
        ? signer
        : {
            ...signer,
            keys: signer.keys.map((key) => ({ ...key, 'public-key': files.keys.get(key['public-key'])?.digest ?? null })),
          },
    );
  }
  return canonicalDigest(resolved as Json);
}

function mapValues<T>(record: { readonly [key: string]: T }, change: (value: T) => unknown): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
