import { signsBase } from '../base-signers.ts';
import type { PolicyFile } from '../generated/policy-file.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { SECTION_WORDS, type Section } from '../scope.ts';
import { entriesOf, type Subject } from './subject.ts';

type Delegable = NonNullable<PolicyFile['delegates']>[number];

/** Matters that are the base's alone unless it delegates them, as keys at the top of a file. */
const BASE_ALONE = [
  'trust',
  'environments',
  'people',
  'roles',
  'workloads',
  'identities',
  'signers',
  'audit',
  'evidence',
  'releases',
  'verifiers',
  'waivers',
  'certificates',
  'incident',
  'notify',
] as const satisfies readonly Delegable[];

/** A file that builds on another settles only what that one delegates. */
export function* delegatedOnly({ content, source, bases }: Subject): Generator<Problem> {
  const base = bases.at(-1);
  if (base === undefined) return;
  for (const key of BASE_ALONE) {
    if (content[key] === undefined || delegated(base.content, key)) continue;
    if (key === 'identities' && onlyNamesWhoSignsTheBase(content)) continue;
    yield problemAtKey(
      source,
      [key],
      `"${key}" is settled by ${base.source.file} alone, which does not list it under "delegates"`,
    );
  }
}

/** Who must have signed the base is for the file that builds on it to say, and no identity of the policy's. */
function onlyNamesWhoSignsTheBase({ identities, extends: base }: PolicyFile): boolean {
  return Object.keys(identities ?? {}).every((id) => signsBase(base, id));
}

/** The same for the windows of its tiers. */
export function* localWindowsAreDelegated({ content, source, bases }: Subject): Generator<Problem> {
  const base = bases.at(-1);
  if (base === undefined || delegated(base.content, 'windows')) return;
  for (const [id, tier] of entriesOf(content.tiers)) {
    if (tier.windows === undefined) continue;
    const message = `"windows" are settled by ${base.source.file} alone, which does not list them under "delegates"`;
    yield problemAtKey(source, ['tiers', id, 'windows'], message);
  }
}

/** What was not delegated to a file, it cannot delegate further. */
export function* delegatesWhatItHas({ content, source, bases }: Subject): Generator<Problem> {
  const base = bases.at(-1);
  if (base === undefined) return;
  for (const [index, key] of (content.delegates ?? []).entries()) {
    if (delegated(base.content, key)) continue;
    yield problemAt(
      source,
      ['delegates', index],
      `"${key}" is not this file's to delegate: ${base.source.file} does not list it`,
    );
  }
}

/** A name of the base's keeps its meaning, `default` too, which every base has; a single value the base gives keeps it too. */
export function* baseIsNotRedefined({ content, source, bases }: Subject): Generator<Problem> {
  const base = bases.at(-1);
  if (base === undefined) return;
  for (const section of Object.keys(SECTION_WORDS) as Section[]) {
    for (const [id] of entriesOf<unknown>(content[section])) {
      const first = base.scope[section].get(id);
      if (first === undefined || (section === 'identities' && signsBase(content.extends, id))) continue;
      const message = `the ${SECTION_WORDS[section]} "${id}" is already defined in ${first.source.file}: give yours a name of its own`;
      yield problemAtKey(source, [section, id], message);
    }
  }
  if (content.environments?.['default'] !== undefined && !base.scope.environments.has('default')) {
    const message = `the environment "default" exists in every policy, so ${base.source.file} alone settles what may go there: give yours a name of its own`;
    yield problemAtKey(source, ['environments', 'default'], message);
  }
  for (const [section, keys] of SINGLE_VALUES) {
    const own = content[section] as { readonly [key: string]: unknown } | undefined;
    for (const key of keys) {
      const first = bases.find(
        (layer) => (layer.content[section] as { readonly [key: string]: unknown } | undefined)?.[key] !== undefined,
      );
      if (own?.[key] === undefined || first === undefined) continue;
      yield problemAtKey(source, [section, key], `${section}.${key} is already settled in ${first.source.file}`);
    }
  }
}

const SINGLE_VALUES = [
  ['trust', ['root', 'timestamp', 'revocation']],
  ['audit', ['log', 'verifier-keys', 'key', 'persistent', 'witnesses', 'witness-count', 'lock', 'retain', 'max-age']],
  ['evidence', ['store', 'lock']],
  ['releases', ['by']],
  ['waivers', ['role']],
] as const;

/** Layers are told apart by name. */
export function* layersHaveNames({ content, source, bases }: Subject): Generator<Problem> {
  if (content.name === undefined || !bases.some(({ name }) => name === content.name)) return;
  yield problemAt(
    source,
    ['name'],
    `the policy this one builds on is called "${content.name}" too: give this one a name of its own`,
  );
}

function delegated(base: PolicyFile, key: Delegable): boolean {
  return (base.delegates ?? []).includes(key);
}
