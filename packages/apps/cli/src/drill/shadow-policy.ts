import type { Layer } from '@signwright/policy';

type PolicyFile = Layer['content'];
type Part<K extends keyof PolicyFile> = NonNullable<PolicyFile[K]>;
type Signer = Part<'signers'>[string];
type Person = Part<'people'>[string];

/** What stands in for whom and what a policy names. */
export type StandIns = {
  /** The trust root's file, and the trial's directory with the CA. */
  readonly trustRoot: string;
  readonly authority: string;
  /** The OIDC issuer of all workloads. */
  readonly issuer: string;
  /** Addresses of the drill's timestamp authorities; as many as are asked for. */
  timestamps(count: number): string[];
  /** A fresh key file for each of a signer's. */
  key(signer: string, index: number): { readonly ref: string; readonly 'public-key': string };
  /** The public line of a fresh SSH key for each of a person's. */
  sshKey(person: string, index: number): string;
  readonly log: { readonly directory: string; readonly key: string; readonly verifierKey: string };
  witness(name: string): { readonly name: string; readonly key: string };
  readonly evidence: string;
  readonly webhook: { readonly url: string; readonly secretEnv: string };
  readonly crl: string;
};

/**
 * The layers of a policy with stand-ins for every identity and place: rules, tiers, roles, counts, windows and conditions stay as they
 * are. The file of layer `n` builds on that of layer `n - 1`; its `extends.sha256` is for whoever writes the files.
 *
 * @param layers the one everything builds on first.
 */
export function shadowLayers(layers: readonly PolicyFile[], standIns: StandIns): PolicyFile[] {
  const shadow = layers.map((layer, at) => shadowLayer(layer, at, standIns));
  const [first] = shadow;
  // Where no layer names a store, evidence lies beside the work; the drill has to know where.
  if (first !== undefined && layers.every(({ evidence }) => evidence === undefined))
    first.evidence = { store: standIns.evidence };
  return shadow;
}

/** The file of a layer of the shadow; the last one is the policy. */
export function layerFile(at: number, count: number): string {
  return at === count - 1 ? 'signwright.yaml' : `layer-${at}.yaml`;
}

function shadowLayer(given: PolicyFile, at: number, standIns: StandIns): PolicyFile {
  const layer = structuredClone(given);
  const signedBy = [layer.extends?.['signed-by'] ?? []].flat().map((one) => (typeof one === 'string' ? one : one.by));
  if (layer.extends !== undefined) layer.extends = { file: layerFile(at - 1, at + 1), sha256: '0'.repeat(64) };
  for (const id of signedBy) delete layer.identities?.[id];
  if (layer.identities !== undefined && Object.keys(layer.identities).length === 0) delete layer.identities;
  for (const identity of Object.values(layer.identities ?? {})) identity.root = standIns.trustRoot;
  shadowTrust(layer, standIns);
  for (const environment of Object.values(layer.environments ?? {})) environment['allow-development'] = true;
  if (at === 0) layer.environments = { ...layer.environments, default: { 'allow-development': true } };
  for (const [id, person] of Object.entries(layer.people ?? {})) shadowPerson(id, person, standIns);
  for (const workload of Object.values(layer.workloads ?? {})) workload.issuer = standIns.issuer;
  for (const [id, signer] of Object.entries(layer.signers ?? {})) shadowSigner(id, signer, standIns);
  for (const tier of Object.values(layer.tiers ?? {}))
    for (const attestation of tier.attestations ?? [])
      if (attestation.builder !== undefined) attestation.builder = standIns.issuer;
  shadowStores(layer, standIns);
  for (const one of layer.notify ?? []) {
    one.webhook = standIns.webhook.url;
    one['secret-env'] = standIns.webhook.secretEnv;
    one['allow-private'] = true;
  }
  // Nothing is decided by it: no certificate is issued from a profile in a drill.
  delete layer.certificates;
  return layer;
}

function shadowTrust({ trust }: PolicyFile, standIns: StandIns): void {
  if (trust?.root !== undefined) trust.root = standIns.trustRoot;
  if (trust?.timestamp !== undefined) trust.timestamp = { urls: standIns.timestamps(hostsOf(trust.timestamp.urls)) };
  if (trust?.revocation === undefined || trust.revocation.mode === 'off') return;
  trust.revocation.crls = [standIns.crl];
  delete trust.revocation['allow-private'];
}

/** How many machines these are on: two addresses of one are down together. */
function hostsOf(urls: readonly string[] = []): number {
  return Math.max(1, new Set(urls.map((url) => (URL.canParse(url) ? new URL(url).host : url))).size);
}

/** As many SSH keys as the person has, each as long as it counts; whoever signs by certificate gets one instead. */
function shadowPerson(id: string, person: Person, standIns: StandIns): void {
  const keys = person.ssh ?? (person.certificate === undefined ? [] : ['']);
  delete person.certificate;
  if (keys.length === 0) return;
  person.ssh = keys.map((key, index) =>
    typeof key === 'string' ? standIns.sshKey(id, index) : { ...key, key: standIns.sshKey(id, index) },
  );
}

function shadowSigner(id: string, signer: Signer, standIns: StandIns): void {
  if (signer.certificate !== undefined) signer.certificate = { trial: standIns.authority };
  if (signer.keys !== undefined) signer.keys = signer.keys.map((key, index) => ({ ...key, ...standIns.key(id, index) }));
}

function shadowStores(layer: PolicyFile, standIns: StandIns): void {
  const { audit, evidence } = layer;
  if (evidence !== undefined) layer.evidence = { store: standIns.evidence };
  if (audit === undefined) return;
  const { log } = standIns;
  if (audit.log !== undefined) {
    audit.log = log.directory;
    audit.persistent = true;
    audit.key = log.key;
  }
  if (audit.key !== undefined) audit.key = log.key;
  if (audit['verifier-keys'] !== undefined) audit['verifier-keys'] = [log.verifierKey];
  if (audit.witnesses !== undefined) audit.witnesses = audit.witnesses.map(({ name }) => standIns.witness(name));
  delete audit.lock;
  delete audit.retain;
}

/** What was substituted, for people. */
export function substitutions(layers: readonly PolicyFile[]): string[] {
  const ids = <K extends 'signers' | 'people' | 'workloads' | 'identities'>(key: K): string[] =>
    layers.flatMap((layer) => Object.keys(layer[key] ?? {}));
  const some = (what: string, names: readonly string[], by: string): string[] =>
    names.length === 0 ? [] : [`${what} ${shorten(names)}: ${by}`];
  const has = (test: (layer: PolicyFile) => unknown): boolean => layers.some((layer) => Boolean(test(layer)));
  return [
    ...(has(({ trust }) => trust?.root)
      ? ['the trust root: the CA and timestamp authority of the drill, which are development, so every environment allows that']
      : []),
    ...(has(({ trust }) => trust?.timestamp) ? ['timestamp authorities: as many, on this machine'] : []),
    ...some('signers', ids('signers'), 'certificates of the drill’s CA, and fresh key files'),
    ...some('workloads', ids('workloads'), 'the same claims, by the drill’s issuer'),
    ...some('people', ids('people'), 'fresh SSH keys, never a security key or a certificate'),
    ...some('identities', ids('identities'), 'the drill’s trust root; vendors are not rehearsed'),
    ...(has(({ audit }) => audit?.log)
      ? ['the audit log: a directory with a key and witnesses of its own, without object lock']
      : []),
    ...(has(({ evidence }) => evidence) ? ['the evidence store: a directory, without object lock'] : []),
    ...(has(({ notify }) => (notify ?? []).length > 0) ? ['webhooks: a listener on this machine'] : []),
    ...(has(({ extends: base }) => base) ? ['the policies it builds on: their copies, pinned by digest'] : []),
    ...(has(({ certificates }) => certificates) ? ['certificates: left out, as none are issued from profiles'] : []),
    ...(has(({ tiers }) => Object.values(tiers ?? {}).some((tier) => (tier.attestations ?? []).some(({ builder }) => builder)))
      ? ['the builders of provenance: the drill’s issuer']
      : []),
  ];
}

function shorten(names: readonly string[]): string {
  const shown = [...new Set(names)];
  return shown.length <= 6 ? shown.join(', ') : `${shown.slice(0, 5).join(', ')} and ${shown.length - 5} more`;
}
