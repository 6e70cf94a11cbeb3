import { type EditedPolicy, writePolicy } from '../policy-edit/edit-policy.ts';
import { printLines } from '../print-lines.ts';

/** Shows what an edit of a policy changes, writes it where that is wanted, and says what is to be done then. */
export async function finishEdit(edited: EditedPolicy, write: boolean, then: readonly string[]): Promise<void> {
  const { file, before, lines } = edited;
  if (write) await writePolicy(edited);
  const signed =
    before.serial === undefined ? [] : ['It is another edition: raise its serial and sign it (signwright policy sign).'];
  printLines([
    write ? `${file} was edited:` : `${file} is to be edited (--write does it):`,
    ...lines.map((line) => `  ${line}`),
    '',
    ...then,
    ...signed,
  ]);
}
