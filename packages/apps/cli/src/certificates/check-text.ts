import { hasControlCharacter, SignwrightError } from '@signwright/signing-core';

const MAX_TEXT = 1024;

/** What a user says of a certificate: one line that says something. @throws SignwrightError `usage`. */
export function checkText(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  const said = text.trim();
  if (said === '') throw new SignwrightError('usage', `${option} is empty`, { next: 'say something, or leave it out' });
  if (hasControlCharacter(said) || said.length > MAX_TEXT)
    throw new SignwrightError('usage', `${option} is no plain line of ${MAX_TEXT} characters at the most`, {
      next: 'shorten it to a name',
    });
  return said;
}
