import { SignwrightError } from '@signwright/signing-core';
import { CKF, CKU, type Handle, returnCode } from './cryptoki.ts';
import { explain } from './explain.ts';
import type { Token } from './find-token.ts';
import { listed } from './shown.ts';

const WRONG = ['CKR_PIN_INCORRECT', 'CKR_PIN_INVALID', 'CKR_PIN_LEN_RANGE'];

/**
 * Logs in: this process for its life, or one signature of a key that asks each time (`contextSpecific`).
 *
 * A wrong PIN is tried once, whoever asks again in this process; the last try before a token locks is left to people.
 *
 * @param where the PIN comes from, for messages.
 * @throws SignwrightError alone, so that nothing tries again.
 */
export function logIn(token: Token, session: Handle, pin: Buffer, where: string, user: number = CKU.user): void {
  const { cryptoki, state, flags } = token;
  if (state.refused !== undefined) throw state.refused;
  const name = listed([token.label]);
  if ((flags & CKF.pinLocked) !== 0) throw locked(name, where);
  if ((flags & CKF.pinFinalTry) !== 0)
    throw new SignwrightError('configuration', `the token ${name} has one try of its PIN left, which is not ours to take`, {
      where,
      next: 'log in by hand with the right PIN, which sets the count back ("pkcs11-tool --login --test"), then run again',
    });
  try {
    // The binding takes a string, which nobody can wipe; it is as short-lived as it can be made.
    cryptoki.C_Login(session, user, pin.toString('utf8'));
  } catch (error) {
    const code = returnCode(error) ?? '';
    if (code === 'CKR_USER_ALREADY_LOGGED_IN' && user === CKU.user) return;
    if (code === 'CKR_PIN_LOCKED') state.refused = locked(name, where);
    else if (WRONG.includes(code))
      state.refused = new SignwrightError(
        'configuration',
        `the PIN of the token ${name} is wrong (${code}); it is not tried again`,
        {
          where,
          next: 'put the right PIN there before you run again: a token locks after a few wrong ones',
        },
      );
    throw state.refused ?? explain(error).error;
  }
}

function locked(name: string, where: string): SignwrightError {
  return new SignwrightError('configuration', `the PIN of the token ${name} is locked: it was wrong too often (CKR_PIN_LOCKED)`, {
    where,
    next: 'have its security officer set a new PIN, and correct it here before you run again',
  });
}
