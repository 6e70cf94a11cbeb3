import { posix, relative, resolve } from 'node:path';
import { isElsewhere, type Layer, loadPolicy } from '@signwright/policy';
import {
  canonicalJson,
  issuersPathOf,
  type Json,
  keyIdOf,
  type PolicySnapshot,
  parseSshPublicKey,
  parseTrustRoot,
  readPublicKey,
  readSnapshot,
  type Sha256,
  snapshotReader,
} from '@signwright/signing-core';
import { parse } from 'yaml';
import type { OpenPolicy } from '../context/open-policy.ts';
import { editYaml, type YamlEdits } from '../policy-edit/edit-yaml.ts';
import type { Scope } from './scope.ts';

/** A file that is to say from when on something does not count. */
export type PlannedEdit = {
  readonly kind: 'policy' | 'trust-root';
  /** The file, or the address of one that is elsewhere. */
  readonly file: string;
  /** Where it lies, where this program writes it; else the edit is to be carried to where it is kept. */
  readonly path?: string;
  /** What in it is cut off: `signers.build.keys.0`; those that were so before do not change it. */
  readonly at: readonly { readonly what: string; readonly before: boolean }[];
  readonly before: string;
  readonly after: string;
};

export type CutOffPlan = {
  readonly edits: readonly PlannedEdit[];
  /** The digest of the policy once all that is written here is. */
  readonly digest?: Sha256;
};

/** A value to be set in a file. */
type YamlChange = { readonly path: readonly (string | number)[]; readonly value: Json };

/** Where something stands in a file, and what has to be set there for it; nothing where it is cut off already. */
type Place = { readonly at: string; readonly change?: YamlChange };

/**
 * Plans the cut-offs: a key counts as compromised on every entry of it, a workload for a time, a CA is trusted until then. What would
 * be written here is loaded as a policy first.
 *
 * @throws SignwrightError `configuration` where a file cannot be edited, `policy` where the policy would not be one any more.
 */
export async function planCutOff(open: OpenPolicy, scope: Scope, why: string, now: Date): Promise<CutOffPlan> {
  const snapshot = readSnapshot(open.snapshot());
  const edits = [
    ...open.policy.layers.flatMap((layer) => editPolicy(open, layer, snapshot, scope, why)),
    ...editTrustRoot(open, snapshot, scope),
  ];
  const files = new Map(snapshot.files);
  for (const { planned, name } of edits) if (planned.path !== undefined) files.set(name, Buffer.from(planned.after));
  const changes = edits.some(({ planned }) => planned.path !== undefined && planned.after !== planned.before);
  const loaded = changes ? await loadPolicy(snapshot.file, snapshotReader({ ...snapshot, files }), { now }) : undefined;
  return { edits: edits.map(({ planned }) => planned), ...(loaded === undefined ? {} : { digest: loaded.digest }) };
}

type NamedEdit = { readonly planned: PlannedEdit /** In the snapshot. */; readonly name: string };

function editPolicy(open: OpenPolicy, layer: Layer, snapshot: PolicySnapshot, scope: Scope, why: string): NamedEdit[] {
  const isTop = layer === open.policy.layers.at(-1);
  const name = isTop ? snapshot.file : nameOf(layer, snapshot);
  const places = [...keysIn(layer, name, snapshot, scope), ...peopleIn(layer, scope), ...workloadIn(layer, scope, why)];
  if (places.length === 0) return [];
  const before = textOf(snapshot, name);
  const changes = places.flatMap(({ change }) => change ?? []);
  const { serial } = layer.content;
  const raised = serial === undefined || changes.length === 0 ? [] : [{ path: ['serial'], value: serial + 1 }];
  const here = isTop && !isElsewhere(open.file) ? { path: resolve(open.file) } : {};
  const after = editYaml(before, setting([...changes, ...raised]), layer.source.file);
  return [{ name, planned: { kind: 'policy', file: layer.source.file, ...here, at: places.map(seen), before, after } }];
}

function seen({ at, change }: Place): PlannedEdit['at'][number] {
  return { what: at, before: change === undefined };
}

function setting(changes: readonly YamlChange[]): YamlEdits {
  return (document) => {
    for (const { path, value } of changes) document.setIn(path, document.createNode(value));
  };
}

/** Which file of the snapshot a layer was read from: the one that says the same. */
function nameOf({ source }: Layer, { files }: PolicySnapshot): string {
  const wanted = canonicalJson(source.value);
  for (const [name, bytes] of files) {
    try {
      if (canonicalJson(parse(Buffer.from(bytes).toString('utf8')) as Json) === wanted) return name;
    } catch {
      // Keys and signatures are no YAML.
    }
  }
  throw new TypeError(`a layer that was not read: ${source.file}`);
}

function textOf({ files }: PolicySnapshot, name: string): string {
  return Buffer.from(files.get(name) ?? []).toString('utf8');
}

function keysIn({ content }: Layer, name: string, snapshot: PolicySnapshot, { compromise, since }: Scope): Place[] {
  if (compromise.what !== 'key') return [];
  return Object.entries(content.signers ?? {}).flatMap(([id, { keys = [] }]) =>
    keys.flatMap((key, index): Place[] => {
      const file = posix.join(posix.dirname(name), key['public-key']);
      if (keyIdOf(readPublicKey(textOf(snapshot, file), file)) !== compromise.id) return [];
      const path = ['signers', id, 'keys', index];
      return [place([...path, 'compromised-since'], key['compromised-since'], instantText(since))];
    }),
  );
}

function peopleIn({ content }: Layer, { compromise, since }: Scope): Place[] {
  if (compromise.what !== 'key') return [];
  return Object.entries(content.people ?? {}).flatMap(([id, { ssh = [] }]) =>
    ssh.flatMap((written, index): Place[] => {
      const { key, ...times } = typeof written === 'string' ? { key: written } : written;
      if (parseSshPublicKey(key).fingerprint !== compromise.id) return [];
      const path = ['people', id, 'ssh', index];
      const from = instantText(since);
      if (typeof written === 'string')
        return [{ at: path.join('.'), change: { path, value: { key: written, 'compromised-since': from } } }];
      return [place([...path, 'compromised-since'], times['compromised-since'], from)];
    }),
  );
}

/** Sets a time, unless there is one that is no later. */
function place(path: readonly (string | number)[], there: string | undefined, time: string): Place {
  const at = path.slice(0, -1).join('.');
  return there !== undefined && Date.parse(there) <= Date.parse(time) ? { at } : { at, change: { path, value: time } };
}

function workloadIn({ content }: Layer, { compromise, since, until }: Scope, why: string): Place[] {
  const { what, id = '' } = compromise;
  const workload = what === 'workload' ? content.workloads?.[id] : undefined;
  if (workload === undefined) return [];
  const [from, end] = [since ?? 0, until ?? Number.POSITIVE_INFINITY];
  const spans = workload.compromised ?? [];
  const path = ['workloads', id, 'compromised'];
  const covered = spans.some(
    (span) =>
      Date.parse(span.from) <= from && (span.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(span.until)) >= end,
  );
  if (covered) return [{ at: `workloads.${id}` }];
  const span = {
    from: instantText(since),
    ...(until === undefined ? {} : { until: instantText(until) }),
    reason: why.slice(0, LONGEST_REASON),
  };
  const change = spans.length === 0 ? { path, value: [span] } : { path: [...path, spans.length], value: span };
  return [{ at: `workloads.${id}`, change }];
}

/** A line of text in a policy. */
const LONGEST_REASON = 1000;

/** Without a time, all of it is in doubt. */
function instantText(since: number | undefined): string {
  return new Date(since ?? 0).toISOString();
}

function editTrustRoot({ policy, trustRoot, file }: OpenPolicy, snapshot: PolicySnapshot, scope: Scope): NamedEdit[] {
  const name = policy.trust?.root?.path;
  if (name === undefined || trustRoot === undefined || scope.authorities.length === 0) return [];
  const places = trustRoot.certificateAuthorities.flatMap((authority, index): Place[] => {
    if (!scope.authorities.includes(authority)) return [];
    const at = `certificateAuthorities.${index}`;
    // A trusted period holds its end, and timestamps tell whole seconds: it ends just before. It is not empty either.
    const end = Math.max((scope.since ?? 0) - 1, authority.validFrom + 1000);
    if (authority.validUntil !== undefined && authority.validUntil <= end) return [{ at }];
    return [{ at, change: { path: ['certificateAuthorities', index, 'validFor', 'end'], value: instantText(end) } }];
  });
  const before = textOf(snapshot, name);
  const after = editYaml(before, setting(places.flatMap(({ change }) => change ?? [])), name, 'json');
  parseTrustRoot(Buffer.from(after), snapshot.files.get(issuersPathOf(name)), name);
  const isOwn = !isElsewhere(file) && policy.layers.at(-1)?.content.trust?.root !== undefined;
  const path = resolve(posix.dirname(file), name);
  const planned = { kind: 'trust-root', file: isOwn ? shown(path) : name, ...(isOwn ? { path } : {}) } as const;
  return [{ name, planned: { ...planned, at: places.map(seen), before, after } }];
}

function shown(path: string): string {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
}
