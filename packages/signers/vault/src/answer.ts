import { type Json, type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import type { HttpAnswer } from '@signwright/transport';

/** What was asked of Vault: a path of its API without `/v1/`, and the capability a policy must grant on it. */
export type Question = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
  /** Absent for logins, which need none. */
  readonly capability?: 'read' | 'update';
};

/**
 * Whose token was used, as far as Vault told it: `"jwt-release", entity …`. `valid`: it is, as far as can be told; `ended`: Vault said
 * in so many words that it is not; `denied`: Vault did not let it ask about itself, which may be either.
 */
export type Holder = { readonly token: 'valid' | 'ended' | 'denied'; readonly text: string };

/** Vault did not do what was asked; thrown within a call, explained at its end. */
export class Answered extends Error {
  readonly answer: HttpAnswer;
  readonly question: Question;
  readonly holder: Holder | undefined;

  constructor(answer: HttpAnswer, question: Question, holder?: Holder) {
    super(`status ${answer.status}`);
    this.answer = answer;
    this.question = question;
    this.holder = holder;
  }
}

const MAX_BYTES = 1024 * 1024;

/**
 * One member, an object, of an answer that must be a success.
 *
 * @throws Answered where it is none, SignwrightError `invalid-input` where it cannot be read.
 */
export function memberOf(answer: HttpAnswer, question: Question, name: 'data' | 'auth'): JsonObject {
  if (answer.status !== 200) throw new Answered(answer, question);
  const member = objectIn(parseStrictJson(answer.body, { what: 'the answer of Vault', maxBytes: MAX_BYTES }))?.[name];
  const object = objectIn(member);
  if (object !== undefined) return object;
  throw new SignwrightError('invalid-input', `the answer of Vault to ${question.path} has no ${name}`, {
    next: 'check that it is Vault or OpenBao that answers there',
  });
}

/** What an answer that is no success says: its `errors`, on one line; nothing where it says nothing. */
export function errorsOf({ body }: HttpAnswer): string {
  try {
    const errors = objectIn(parseStrictJson(body, { what: 'the answer', maxBytes: MAX_BYTES }))?.['errors'];
    return Array.isArray(errors) ? errors.filter((one) => typeof one === 'string').join('; ') : '';
  } catch {
    return '';
  }
}

export function objectIn(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
