import { hasControlCharacter, MAX_PLAIN, SignwrightError } from '@signwright/signing-core';

/**
 * Checks the reason a person gives before anything is signed: one line of text.
 *
 * @throws SignwrightError `usage` where it is empty, too long or has line breaks.
 */
export function checkReason(reason: string | undefined): void {
  if (reason === undefined) return;
  const why =
    reason.trim() === ''
      ? 'is empty'
      : reason.length > MAX_PLAIN
        ? `is longer than ${MAX_PLAIN} characters`
        : hasControlCharacter(reason)
          ? 'has a line break or another control character'
          : undefined;
  if (why !== undefined) throw new SignwrightError('usage', `the reason ${why}`, { next: 'say why in one line: --reason "…"' });
}
