import type { Instant, WaiverRule } from '@signwright/signing-core';
import { signsBase } from '../base-signers.ts';
import type { PolicyFile } from '../generated/policy-file.ts';
import type { Layer, Policy, SignerDefinition, TrustRootFile, VendorDefinition } from '../policy.ts';
import { secondsOf } from '../values/duration.ts';
import { instantOf } from '../values/instant.ts';
import { isUrl } from '../values/is-url.ts';
import { auditOf, notifyOf } from './audit.ts';
import { certificatesOf } from './certificates.ts';
import type { LoadedLayer } from './load-policy.ts';
import { peopleOf, rolesOf } from './people.ts';
import { revocationOf } from './revocation.ts';
import { inDirectory } from './signers.ts';

/** The layers as one policy. What the base settles, it settles: a layer that builds on it only fills in what it leaves open. */
export function assemblePolicy(loaded: readonly [LoadedLayer, ...LoadedLayer[]]): Policy {
  const layers = loaded.map(({ layer }) => layer);
  const top = layers.at(-1) as Layer;
  const { name, serial, owner } = top.content;
  const trust = trustOf(loaded);
  const evidence = loaded.find(({ layer }) => layer.content.evidence !== undefined);
  const people = peopleOf(top.scope);
  const roles = rolesOf(top.scope, people);
  const signers = new Map(loaded.flatMap((one) => one.signers.map((signer) => [signer.id, signer] as const)));
  const verifiers = layers.flatMap(({ content }) =>
    (content.verifiers ?? []).map(({ id, by }) => ({ id, by: signerOf(signers, by).rule })),
  );
  const releases = first(loaded, ({ layer }) => layer.content.releases?.by);
  const waivers = first(loaded, ({ layer }) => waiversOf(layer.content, roles));
  const certificates = first(loaded, ({ layer, directory }) =>
    certificatesOf(layer.content, layer.source, top.scope, roles, directory),
  );
  const incident = first(loaded, ({ layer }) => incidentOf(layer.content, roles));
  const audit = first(loaded, ({ layer, directory }) => auditOf(layer.content, layer.source, directory));
  return {
    ...(name === undefined ? {} : { name }),
    ...(serial === undefined ? {} : { serial }),
    ...(owner === undefined ? {} : { owner }),
    digest: top.digest,
    warnings: loaded.flatMap(({ warnings }) => warnings),
    environments: [...top.scope.environments.keys()],
    ...(trust === undefined ? {} : { trust }),
    signers,
    people,
    roles,
    verifiers,
    collectors: [...new Set(verifiers.map(({ by }) => by))],
    ...(releases === undefined ? {} : { releases: { by: signerOf(signers, releases) } }),
    ...(waivers === undefined ? {} : { waivers }),
    ...(certificates === undefined ? {} : { certificates }),
    ...(incident === undefined ? {} : { incident }),
    ...invalidateBeforeOf(layers),
    ...(evidence === undefined ? {} : { evidence: evidenceOf(evidence) }),
    ...(audit === undefined ? {} : { audit }),
    notify: layers.flatMap(({ content, source }) => notifyOf(content, source)),
    patterns: filePatterns(layers),
    layers,
    vendors: new Map(loaded.flatMap(vendorsOf)),
    signedBases: loaded.flatMap(({ signedBase }) => signedBase ?? []),
  };
}

function signerOf(signers: ReadonlyMap<string, SignerDefinition>, id: string): SignerDefinition {
  const signer = signers.get(id);
  if (signer === undefined) throw new TypeError(`a policy with an undefined signer ${id}`);
  return signer;
}

function waiversOf({ waivers }: PolicyFile, roles: Policy['roles']): WaiverRule | undefined {
  const role = waivers && roles.get(waivers.role);
  return waivers && role && { role, count: waivers.count ?? 1, maxAge: secondsOf(waivers['max-age']) };
}

function incidentOf({ incident }: PolicyFile, roles: Policy['roles']): Policy['incident'] {
  const role = incident && roles.get(incident.role);
  return role && { role };
}

/** The latest of what any layer says. */
function invalidateBeforeOf(layers: readonly Layer[]): { invalidateBefore?: Instant } {
  const times = layers.flatMap(({ content }) => content['invalidate-before'] ?? []).map(instantOf);
  return times.length === 0 ? {} : { invalidateBefore: Math.max(...times) };
}

function trustOf(loaded: readonly LoadedLayer[]): Policy['trust'] {
  const root = first(loaded, (one) => rootOf(one));
  const timestamp = first(loaded, ({ layer, directory }) => {
    const written = layer.content.trust?.timestamp;
    if (written?.urls !== undefined) return { urls: written.urls };
    return written?.trial === undefined ? undefined : { trial: inDirectory(directory, written.trial) };
  });
  const revocation = first(loaded, ({ layer, directory }) => revocationOf(layer.content, layer.source, directory));
  if (root === undefined && timestamp === undefined && revocation === undefined) return undefined;
  return {
    ...(root === undefined ? {} : { root }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(revocation === undefined ? {} : { revocation }),
  };
}

function rootOf({ layer, files }: LoadedLayer): TrustRootFile | undefined {
  const path = layer.content.trust?.root;
  return path === undefined ? undefined : files.roots.get(path);
}

function evidenceOf({ layer, directory }: LoadedLayer): NonNullable<Policy['evidence']> {
  const { store, lock } = layer.content.evidence ?? { store: '' };
  return { store: isUrl(store) ? store : inDirectory(directory, store), ...(lock === undefined ? {} : { lock }) };
}

function filePatterns(layers: readonly Layer[]): string[] {
  const rules = layers.flatMap((layer) => layer.rules).filter((rule) => rule.reference.kind !== 'image');
  return [...new Set(rules.flatMap((rule) => rule.reference.match))];
}

function vendorsOf({ layer, files }: LoadedLayer): [string, VendorDefinition][] {
  return Object.entries(layer.content.identities ?? {}).flatMap(([id, { issuer, subject, root: path }]) => {
    if (signsBase(layer.content.extends, id)) return [];
    const [file, root] = [files.roots.get(path), files.vendorRoots.get(path)];
    if (file === undefined || root === undefined)
      throw new TypeError(`a policy with an identity ${id} whose trust root was not read`);
    return [[id, { rule: { id, issuer, subject, root }, rootDigest: file.wholeDigest }] as [string, VendorDefinition]];
  });
}

function first<T>(loaded: readonly LoadedLayer[], pick: (one: LoadedLayer) => T | undefined): T | undefined {
  for (const one of loaded) {
    const value = pick(one);
    if (value !== undefined) return value;
  }
  return undefined;
}
