import type { Layer, Policy, SignerDefinition, TrustRootFile } from '../policy.ts';
import { isUrl } from '../values/is-url.ts';
import { auditOf, notifyOf } from './audit.ts';
import type { LoadedLayer } from './load-policy.ts';
import { inDirectory } from './signers.ts';

/** The layers as one policy. What the base settles, it settles: a layer that builds on it only fills in what it leaves open. */
export function assemblePolicy(loaded: readonly [LoadedLayer, ...LoadedLayer[]]): Policy {
  const layers = loaded.map(({ layer }) => layer);
  const top = layers.at(-1) as Layer;
  const { name, serial, owner } = top.content;
  const trust = trustOf(loaded);
  const evidence = loaded.find(({ layer }) => layer.content.evidence !== undefined);
  const audit = first(loaded, ({ layer, directory }) => auditOf(layer.content, layer.source, directory));
  return {
    ...(name === undefined ? {} : { name }),
    ...(serial === undefined ? {} : { serial }),
    ...(owner === undefined ? {} : { owner }),
    digest: top.digest,
    warnings: loaded.flatMap(({ warnings }) => warnings),
    environments: [...top.scope.environments.keys()],
    ...(trust === undefined ? {} : { trust }),
    signers: new Map<string, SignerDefinition>(
      loaded.flatMap(({ signers }) => signers.map((signer) => [signer.id, signer] as const)),
    ),
    ...(evidence === undefined ? {} : { evidence: evidenceOf(evidence) }),
    ...(audit === undefined ? {} : { audit }),
    notify: layers.flatMap(({ content, source }) => notifyOf(content, source)),
    patterns: filePatterns(layers),
    layers,
    identityRoots: new Map(loaded.flatMap(identityRoots)),
  };
}

function trustOf(loaded: readonly LoadedLayer[]): Policy['trust'] {
  const root = first(loaded, (one) => rootOf(one));
  const timestamp = first(loaded, ({ layer, directory }) => {
    const written = layer.content.trust?.timestamp;
    if (written?.urls !== undefined) return { urls: written.urls };
    return written?.trial === undefined ? undefined : { trial: inDirectory(directory, written.trial) };
  });
  if (root === undefined && timestamp === undefined) return undefined;
  return { ...(root === undefined ? {} : { root }), ...(timestamp === undefined ? {} : { timestamp }) };
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

function identityRoots({ layer, files }: LoadedLayer): [string, TrustRootFile['wholeDigest']][] {
  return Object.entries(layer.content.identities ?? {}).flatMap(([id, { root }]) => {
    const file = files.roots.get(root);
    return file === undefined ? [] : [[id, file.wholeDigest] as [string, TrustRootFile['wholeDigest']]];
  });
}

function first<T>(loaded: readonly LoadedLayer[], pick: (one: LoadedLayer) => T | undefined): T | undefined {
  for (const one of loaded) {
    const value = pick(one);
    if (value !== undefined) return value;
  }
  return undefined;
}
