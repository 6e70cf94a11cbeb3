import { isPath } from '../load/signers.ts';
import { problemAt, problemAtKey, warningAt } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
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
