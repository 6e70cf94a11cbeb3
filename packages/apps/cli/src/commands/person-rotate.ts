import { readBounded } from '@signwright/files';
import { type PersonRule, parseSshPublicKey, SignwrightError, type SshKeyRule } from '@signwright/signing-core';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import { editPolicy } from '../policy-edit/edit-policy.ts';
import { finishEdit } from '../rotate/finish-edit.ts';
import { handOver } from '../rotate/hand-over.ts';
import { overlapOf, type RotationOptions } from '../rotate/terms.ts';

export type PersonRotateOptions = PolicyOptions & RotationOptions & { readonly to: string; readonly replaces?: string };

const MAX_PUBLIC_KEY = 16_384;

/**
 * `signwright person rotate PERSON --to KEY.pub`: a new SSH key of somebody who approves, beside the one it takes over from. What
 * they signed while a key counted goes on counting.
 */
export async function personRotate(id: string, options: PersonRotateOptions): Promise<void> {
  const now = new Date();
  const open = await openPolicy(options, now);
  const person = personOf(open, id);
  const { line } = parseSshPublicKey((await readBounded(options.to, MAX_PUBLIC_KEY, 'the public key')).toString('utf8'));
  const { from, until } = overlapOf(options, now);
  const at = person.keys.length === 0 ? undefined : person.keys.indexOf(keyToReplace(person, options.replaces, Date.parse(from)));
  const next = at === undefined ? { key: line } : { key: line, from };
  const list = ['people', id, 'ssh'];
  const edited = await editPolicy(options.policy, (document) => handOver(document, { list, at, bare: 'key' }, next, until), now);
  await finishEdit(edited, options.write === true, [
    ...(at === undefined
      ? []
      : [`What ${id} signs with the old key counts until ${until}; what it signed before then goes on counting.`]),
    'Keep the line of the old key: without it nobody could check what it signed.',
  ]);
}

function personOf({ policy, file }: OpenPolicy, id: string): PersonRule {
  const person = policy.people.get(id);
  if (person !== undefined && policy.layers.at(-1)?.content.people?.[id] !== undefined) return person;
  const own = Object.keys(policy.layers.at(-1)?.content.people ?? {});
  throw new SignwrightError('usage', `this file says of nobody called ${JSON.stringify(id.slice(0, 64))}`, {
    where: file,
    next: own.length === 0 ? 'name the policy that lists its people: --policy FILE' : `its people are ${own.join(', ')}`,
  });
}

/** The key that is named, or else the only one that goes on counting. */
function keyToReplace({ id, keys }: PersonRule, replaces: string | undefined, from: number): SshKeyRule {
  const lasting = keys.filter(({ until, compromisedSince }) => until === undefined && compromisedSince === undefined);
  const [only, ...others] = replaces === undefined ? lasting : keys.filter(({ fingerprint }) => fingerprint === replaces);
  if (only !== undefined && others.length === 0) {
    if (only.until === undefined || only.until > from) return only;
    throw new SignwrightError('usage', `the key ${only.fingerprint} of ${id} had ended by then`, {
      next: 'put the new key under "ssh" yourself',
    });
  }
  const known = (replaces === undefined && lasting.length > 0 ? lasting : keys).map(({ fingerprint }) => fingerprint);
  const why = replaces !== undefined ? `no key ${replaces}` : lasting.length === 0 ? 'no key without an end' : 'several keys';
  throw new SignwrightError('usage', `${id} has ${why}: which is taken over from?`, {
    next: `say which: --replaces ${known.join(' or ')}`,
  });
}
