import { SignwrightError } from '@signwright/signing-core';
import { type Document, isMap, isSeq } from 'yaml';

/** An entry of a list of keys, as a policy writes it. */
export type KeyEntry = Readonly<Record<string, string>>;

/**
 * Puts a key before the one it takes over from, which it ends unless that has an end already.
 *
 * @param list where the keys are: `['people', 'ann', 'ssh']`. @param at which of them is taken over from; with none, the new one is
 * the first. @param bare what an entry that is a string alone abbreviates: `key`.
 */
export function handOver(
  document: Document.Parsed,
  { list, at, bare }: { readonly list: readonly string[]; readonly at: number | undefined; readonly bare?: string },
  next: KeyEntry,
  until: string,
): void {
  if (at === undefined) {
    document.setIn(list, document.createNode([next], { flow: true }));
    return;
  }
  const keys = document.getIn(list, true);
  if (!isSeq(keys)) throw elsewhere(list);
  const old: unknown = keys.items[at];
  if (isMap(old)) {
    if (!old.has('until')) old.set('until', until);
  } else keys.items[at] = document.createNode({ [bare ?? 'key']: keys.get(at), until }, { flow: true });
  keys.items.splice(at, 0, document.createNode(next, { flow: true }));
}

function elsewhere(list: readonly string[]): SignwrightError {
  return new SignwrightError('usage', `${list.join('.')} is no list of this file`, {
    next: 'name the policy that lists these keys: --policy FILE',
  });
}
