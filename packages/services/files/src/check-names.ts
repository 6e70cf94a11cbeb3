import { checkName, SignwrightError } from '@signwright/signing-core';
import { shown } from './file-error.ts';

/**
 * Checks that every name has its one written form, and that no two would be the same file on a disk that ignores case or
 * Unicode form.
 */
export function checkNames(names: readonly string[]): void {
  const byFolded = new Map<string, string>();
  for (const name of names) {
    const folded = fold(name);
    const twin = byFolded.get(folded);
    if (twin !== undefined) throw twins(twin, name);
    byFolded.set(folded, name);
  }
  for (const name of names) checkName(name);
}

/** Upper case first: that is where `ß` meets `ss`, as file systems that ignore case would have it. */
function fold(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

function twins(one: string, other: string): SignwrightError {
  const differ = one.normalize('NFC') === other.normalize('NFC') ? 'Unicode form' : 'case';
  return new SignwrightError('invalid-input', `${shown(one)} and ${shown(other)} differ only in ${differ}`, {
    where: shown(other),
    next: 'rename one of them: some systems take them for the same file',
  });
}
