import { CLAIM_NAMES, parseKeyReference, SignwrightError } from '@signwright/signing-core';
import { isPath } from '../load/signers.ts';
import { problemAt, problemAtKey, warningAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import { entriesOf, type Subject } from './subject.ts';

/** Every signer but one with key files only names the workloads that may sign as it. One key is one signer's. */
export function* signersNameWorkloads({ content, source, files }: Subject): Generator<Problem> {
  const owners = new Map<string, string>();
  for (const [id, signer] of entriesOf(content.signers)) {
    const filesOnly = signer.certificate === undefined && (signer.keys ?? []).every(({ ref }) => isPath(ref));
    if (!filesOnly && signer.workloads === undefined) {
      const message =
        'the signer names no "workloads": anybody the CA or the KMS lets in could sign as it; only key files go without';
      yield problemAtKey(source, ['signers', id], message);
    }
    for (const [index, key] of (signer.keys ?? []).entries()) {
      const keyId = files.keys.get(key['public-key'])?.keyId;
      const owner = keyId === undefined ? undefined : owners.get(keyId);
      const path = ['signers', id, 'keys', index, 'public-key'];
      if (owner === id) yield problemAt(source, path, 'the same public key is listed twice');
      else if (owner !== undefined)
        yield warningAt(source, path, `the same public key is the signer "${owner}"'s: one signature answers to both`);
      if (keyId !== undefined) owners.set(keyId, id);
    }
  }
}

/** Every key reference can be read: what is wrong with one shows here, not in a job. */
export function* keyReferencesAreSound({ content, source }: Subject): Generator<Problem> {
  for (const [id, signer] of entriesOf(content.signers))
    for (const [index, { ref }] of (signer.keys ?? []).entries())
      yield* referenceProblem(source, ['signers', id, 'keys', index, 'ref'], ref);
  if (content.audit?.key !== undefined) yield* referenceProblem(source, ['audit', 'key'], content.audit.key);
  for (const [index, one] of (content.audit?.['verifier-keys'] ?? []).entries())
    if (typeof one !== 'string' && one.ref !== undefined)
      yield* referenceProblem(source, ['audit', 'verifier-keys', index, 'ref'], one.ref);
}

/** What is wrong with a key reference, where it is written. */
export function* referenceProblem(source: Subject['source'], path: Path, reference: string): Generator<Problem> {
  try {
    parseKeyReference(reference);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    yield problemAt(source, path, `${error.message}${error.next === undefined ? '' : ` (${error.next})`}`);
  }
}

const VAULT_ROLE = /^\/v1\/[\w-]+(\/[\w-]+)*\/sign\/[\w-]+$/;

/** What is said of a CA is what its kind can use, and its workloads are told by what it can certify. */
export function* certificatesFitTheirIssuer({ content, source, scope }: Subject): Generator<Problem> {
  for (const [id, { certificate, workloads }] of entriesOf(content.signers)) {
    if (certificate === undefined) continue;
    const path = ['signers', id, 'certificate'];
    for (const key of ['login-role', 'login-mount'] as const)
      if (certificate[key] !== undefined && certificate.vault === undefined)
        yield problemAtKey(source, [...path, key], 'only a Vault is logged in to');
    if (certificate.audience !== undefined && certificate.trial !== undefined)
      yield problemAtKey(source, [...path, 'audience'], 'a trial trust domain has its own audience');
    if (certificate.vault === undefined) continue;
    if (!VAULT_ROLE.test(new URL(certificate.vault).pathname))
      yield problemAt(
        source,
        [...path, 'vault'],
        'allowed is the address a role signs at, such as https://vault.acme.example/v1/pki/sign/ci',
      );
    for (const workload of workloads ?? []) {
      const asked = CLAIM_NAMES.filter(
        (claim) => claim !== 'subject' && scope.workloads.get(workload)?.value[claim] !== undefined,
      );
      if (asked.length === 0) continue;
      const message = `a Vault certifies a URI name alone, and the workload "${workload}" asks for ${asked.join(', ')}: tell it by "subject"`;
      yield problemAt(source, path, message);
    }
  }
}

/** Certificates are verified against a trust root. */
export function* certificatesHaveTrust({ content, source, bases }: Subject): Generator<Problem> {
  if (content.trust?.root !== undefined || bases.some((base) => base.content.trust?.root !== undefined)) return;
  for (const [id, signer] of entriesOf(content.signers)) {
    if (signer.certificate === undefined) continue;
    yield warningAt(
      source,
      ['signers', id, 'certificate'],
      'there is no trust.root, so no signature by certificate can be verified',
    );
  }
}

/** Who signs verdicts builds nothing: neither its signer nor its workloads sign for a tier. */
export function* verifiersBuildNothing({ content, source, scope }: Subject): Generator<Problem> {
  const builders = new Set([...scope.tiers.keys()].flatMap((id) => resolveTier(scope, id, '').signatures.map(({ by }) => by)));
  const building = new Set([...builders].flatMap((id) => scope.signers.get(id)?.value.workloads ?? []));
  for (const [index, { by }] of (content.verifiers ?? []).entries()) {
    const path = ['verifiers', index, 'by'];
    const shared = scope.signers.get(by)?.value.workloads?.find((workload) => building.has(workload));
    if (builders.has(by)) yield problemAt(source, path, `the signer "${by}" signs for a tier: who builds may not sign verdicts`);
    else if (shared !== undefined)
      yield problemAt(source, path, `its workload "${shared}" signs for a tier: who builds may not sign verdicts`);
  }
}
