import { type Pkcs11Reference, SignwrightError } from '@signwright/signing-core';
import { CKF, type Cryptoki, type Handle, returnCode, ulongOf } from './cryptoki.ts';
import type { Module, TokenState } from './module.ts';
import { type Sessions, sessionPool } from './sessions.ts';
import { listed } from './shown.ts';

/** A token that is there. */
export type Token = {
  readonly cryptoki: Cryptoki;
  readonly slot: Handle;
  readonly label: string;
  readonly flags: number;
  readonly state: TokenState;
};

/** A token as it says itself who it is. */
export type TokenFacts = {
  readonly slotId: number;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
};

/** More than Node has threads to sign in, so that none waits for the next; few, for HSMs count them and others use the threads. */
const MOST_SESSIONS = 16;
const UNKNOWN_COUNT = 0xffffffff;

/**
 * The one token a reference selects.
 *
 * @throws SignwrightError `configuration` where other tokens are there or several match, `unreachable` where none is.
 */
export function findToken({ cryptoki, states }: Module, reference: Pkcs11Reference): Token {
  const { present, silent } = presentTokens(cryptoki);
  const { slotId } = chooseToken(present, reference, silent);
  const chosen = present.find((one) => one.slotId === slotId) as PresentToken;
  const state = states.get(slotId) ?? { sessions: sessionsOf(cryptoki, chosen) };
  states.set(slotId, state);
  return { cryptoki, slot: chosen.slot, label: chosen.label, flags: chosen.flags, state };
}

/**
 * The one token of those present that has all that the reference asks for.
 *
 * @param silent slots whose token did not say who it is.
 */
export function chooseToken<T extends TokenFacts>(present: readonly T[], reference: Pkcs11Reference, silent = 0): T {
  const { token, manufacturer, model, serial, slotId } = reference;
  const asked = { label: token, manufacturer, model, serial, slotId };
  const matching = present.filter((one) =>
    Object.entries(asked).every(([name, value]) => value === undefined || one[name as keyof TokenFacts] === value),
  );
  const [found] = matching;
  if (found !== undefined && matching.length === 1) return found;
  const where = reference.text;
  if (found === undefined && (present.length === 0 || silent > 0))
    throw new SignwrightError('unreachable', `the token is not there; there is ${labelsOf(present)}`, {
      where,
      next: 'check that the token is plugged in, or that the HSM is up and this machine enrolled with it, then run again',
    });
  if (found === undefined)
    throw new SignwrightError('configuration', `no such token; there is ${labelsOf(present)}`, {
      where,
      next: 'check token, serial, manufacturer, model and slot-id in the reference',
    });
  throw new SignwrightError('configuration', `${matching.length} tokens match: ${labelsOf(matching)}`, {
    where,
    next: 'say serial=… or slot-id=… in the reference, so that it means one; "pkcs11-tool --list-token-slots" shows them',
  });
}

type PresentToken = TokenFacts & { readonly slot: Handle; readonly flags: number; readonly maxSessions: number };

/** Initialised tokens, and how many slots did not answer for theirs. */
function presentTokens(cryptoki: Cryptoki): { present: PresentToken[]; silent: number } {
  const present: PresentToken[] = [];
  let silent = 0;
  for (const slot of cryptoki.C_GetSlotList(true)) {
    try {
      const info = cryptoki.C_GetTokenInfo(slot);
      if ((info.flags & CKF.tokenInitialized) === 0) continue;
      present.push({
        slot,
        slotId: ulongOf(slot),
        label: unpadded(info.label),
        manufacturer: unpadded(info.manufacturerID),
        model: unpadded(info.model),
        serial: unpadded(info.serialNumber),
        flags: info.flags,
        maxSessions: info.maxSessionCount,
      });
    } catch (error) {
      if (returnCode(error) === undefined) throw error;
      silent++;
    }
  }
  return { present, silent };
}

function sessionsOf(cryptoki: Cryptoki, { slot, maxSessions }: PresentToken): Sessions {
  const bounded = maxSessions > 0 && maxSessions < UNKNOWN_COUNT;
  return sessionPool(
    () => cryptoki.C_OpenSession(slot, CKF.serialSession),
    (session) => cryptoki.C_CloseSession(session),
    bounded ? Math.min(maxSessions, MOST_SESSIONS) : MOST_SESSIONS,
  );
}

/** Without the blanks, or the zeros of careless modules, that fill it up. */
function unpadded(text: string): string {
  return text.replace(/[ \0]+$/, '');
}

function labelsOf(tokens: readonly TokenFacts[]): string {
  return tokens.length === 0 ? 'none' : listed(tokens.map(({ label }) => label));
}
