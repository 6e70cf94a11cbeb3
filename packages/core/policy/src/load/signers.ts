import { CLAIM_NAMES, type WorkloadRule } from '@signwright/signing-core';
import type { Certificate, PolicyFile, Workload } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { CertificateAuthority, SignerDefinition } from '../policy.ts';
import type { Scope } from '../scope.ts';
import { instantOf, optionalInstant } from '../values/instant.ts';
import { join, type ReferredFiles } from './referred-files.ts';

/** The signers a layer defines, with the keys and workloads they refer to. */
export function signersOf(
  content: PolicyFile,
  source: Source,
  scope: Scope,
  files: ReferredFiles,
  directory: string,
): SignerDefinition[] {
  return Object.entries(content.signers ?? {}).map(([id, signer]) => {
    const keys = (signer.keys ?? []).map((key) => {
      const pinned = files.keys.get(key['public-key']);
      if (pinned === undefined) throw new TypeError('a policy with a key that was not read');
      const rule = {
        keyId: pinned.keyId,
        publicKey: pinned.publicKey,
        ...optionalInstant('from', key.from),
        ...optionalInstant('until', key.until),
        ...optionalInstant('compromisedSince', key['compromised-since']),
      };
      return { ref: isPath(key.ref) && !key.ref.startsWith('/') ? join(directory, key.ref) : key.ref, rule };
    });
    const workloads = (signer.workloads ?? []).flatMap((name) => workloadRule(name, scope.workloads.get(name)?.value));
    return {
      id,
      where: whereOf(source, ['signers', id]),
      rule: { id, certificate: signer.certificate !== undefined, workloads, keys: keys.map(({ rule }) => rule) },
      ...(signer.certificate === undefined ? {} : { certificate: authorityOf(signer.certificate, directory) }),
      keys,
    };
  });
}

/** Whether a key reference is a path, for want of a scheme. */
export function isPath(reference: string): boolean {
  return !/^(?:awskms|gcpkms|azurekms|hashivault|pkcs11):/.test(reference);
}

/** A workload as the policy tells it. */
export function workloadRule(id: string, workload: Workload | undefined): WorkloadRule[] {
  if (workload === undefined) return [];
  const claims = CLAIM_NAMES.flatMap((claim) => (workload[claim] === undefined ? [] : [[claim, workload[claim]] as const]));
  const compromised = (workload.compromised ?? []).map(({ from, until }) => ({
    from: instantOf(from),
    ...optionalInstant('until', until),
  }));
  return [{ id, issuer: workload.issuer, ...Object.fromEntries(claims), ...(compromised.length === 0 ? {} : { compromised }) }];
}

/** Who issues certificates, as signers and profiles name them. */
export function authorityOf(certificate: Certificate, directory: string): CertificateAuthority {
  const { audience, profile, directory: held, 'login-role': role, 'login-mount': mount = 'jwt', ...named } = certificate;
  if (profile !== undefined)
    return { type: 'held', profile, url: inDirectory(directory, held ?? `.signwright/held/${profile}`), audience: '' };
  const [entry] = Object.entries(named) as [CertificateAuthority['type'], string][];
  if (entry === undefined) throw new TypeError('a certificate authority of no type');
  const [type, url] = entry;
  if (type === 'trial') return { type, url: inDirectory(directory, url), audience: '' };
  return {
    type,
    url,
    audience: audience ?? (type === 'fulcio' ? 'sigstore' : new URL(url).origin),
    ...(type === 'vault' ? { login: { mount, role: role ?? url.slice(url.lastIndexOf('/') + 1) } } : {}),
  };
}

/** A directory a policy names, relative to the top policy's directory; absolute ones as they are. */
export function inDirectory(directory: string, path: string): string {
  return path.startsWith('/') || directory === '' ? path : join(directory, path);
}
