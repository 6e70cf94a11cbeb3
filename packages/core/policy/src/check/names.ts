import { memberId } from '../load/people.ts';
import { nearestWord } from '../parse/nearest-word.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { SECTION_WORDS, type Section } from '../scope.ts';
import { entriesOf, type Subject } from './subject.ts';

/** A place that names something of a section. */
type Use = { readonly section: Section; readonly name: string; readonly path: Path; readonly isKey?: boolean };

/** Every name that is used is defined, here or in the policy this one builds on. */
export function* namesAreDefined(subject: Subject): Generator<Problem> {
  for (const { section, name, path, isKey } of usesOf(subject)) {
    const known = subject.scope[section];
    if (known.has(name) || (section === 'environments' && name === 'default')) continue;
    const names = [...known.keys(), ...(section === 'environments' ? ['default'] : [])];
    const word = SECTION_WORDS[section];
    const there = names.length === 0 ? `no ${word} is defined (under "${section}")` : `defined are ${shortList(names)}`;
    const message = `the ${word} "${name}" is not defined; ${there}`;
    yield (isKey === true ? problemAtKey : problemAt)(subject.source, path, message, nearestWord(name, names));
  }
}

function* usesOf({ content }: Subject): Generator<Use> {
  for (const [id, people] of entriesOf(content.roles)) {
    for (const [index, one] of people.entries()) {
      const path = ['roles', id, index];
      yield { section: 'people', name: memberId(one), path: typeof one === 'string' ? path : [...path, 'person'] };
    }
  }
  for (const [id, signer] of entriesOf(content.signers)) {
    for (const [index, name] of (signer.workloads ?? []).entries()) {
      yield { section: 'workloads', name, path: ['signers', id, 'workloads', index] };
    }
  }
  yield* tierUses(content.tiers);
  yield* artifactUses(content.artifacts);
  for (const [index, { by }] of (content.verifiers ?? []).entries())
    yield { section: 'signers', name: by, path: ['verifiers', index, 'by'] };
  if (content.releases !== undefined) yield { section: 'signers', name: content.releases.by, path: ['releases', 'by'] };
  for (const [id, { workloads, roles, environments }] of entriesOf(content.certificates?.profiles)) {
    const at = ['certificates', 'profiles', id];
    for (const [index, name] of (workloads ?? []).entries())
      yield { section: 'workloads', name, path: [...at, 'workloads', index] };
    for (const [index, name] of (roles ?? []).entries()) yield { section: 'roles', name, path: [...at, 'roles', index] };
    for (const [index, name] of (environments ?? []).entries())
      yield { section: 'environments', name, path: [...at, 'environments', index] };
  }
  if (content.incident !== undefined) yield { section: 'roles', name: content.incident.role, path: ['incident', 'role'] };
  if (content.waivers !== undefined) yield { section: 'roles', name: content.waivers.role, path: ['waivers', 'role'] };
}

function* tierUses(tiers: Subject['content']['tiers']): Generator<Use> {
  for (const [id, tier] of entriesOf(tiers)) {
    const at = ['tiers', id];
    if (tier.extends !== undefined) yield { section: 'tiers', name: tier.extends, path: [...at, 'extends'] };
    for (const [index, entry] of (tier.signatures ?? []).entries()) {
      const path = [...at, 'signatures', index];
      if (typeof entry === 'string') yield { section: 'signers', name: entry, path };
      else yield { section: 'signers', name: entry.by, path: [...path, 'by'] };
    }
    for (const [index, entry] of (tier.approvals ?? []).entries()) {
      const path = [...at, 'approvals', index];
      if (typeof entry === 'string') yield { section: 'roles', name: entry, path };
      else yield { section: 'roles', name: entry.role, path: [...path, 'role'] };
    }
    for (const [index, { by }] of (tier.attestations ?? []).entries()) {
      yield { section: 'signers', name: by, path: [...at, 'attestations', index, 'by'] };
    }
    const glass = tier['break-glass'];
    if (glass !== undefined) yield { section: 'roles', name: glass.role, path: [...at, 'break-glass', 'role'] };
  }
}

function* artifactUses(artifacts: Subject['content']['artifacts']): Generator<Use> {
  for (const [index, { tier, vendor }] of (artifacts ?? []).entries()) {
    if (typeof tier === 'string') yield { section: 'tiers', name: tier, path: ['artifacts', index, 'tier'] };
    for (const [environment, name] of typeof tier === 'object' ? entriesOf(tier) : []) {
      const path = ['artifacts', index, 'tier', environment];
      yield { section: 'environments', name: environment, path, isKey: true };
      yield { section: 'tiers', name, path };
    }
    if (vendor !== undefined) yield { section: 'identities', name: vendor, path: ['artifacts', index, 'vendor'] };
  }
}

function shortList(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
}
