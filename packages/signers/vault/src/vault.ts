import type { JsonObject } from '@signwright/signing-core';
import { callRemote, exchange } from '@signwright/transport';
import { Answered, errorsOf, type Holder, memberOf, type Question } from './answer.ts';
import { explain } from './explain.ts';
import type { Place } from './place.ts';
import { repeats } from './repeats.ts';
import type { Send, Session } from './session.ts';

/** A question that takes a token. */
export type Ask = Question & { readonly capability: 'read' | 'update' };

export type Vault = {
  /**
   * Asks with this run's token and gives the answer's data.
   *
   * @throws SignwrightError `configuration` where it is refused, `invalid-input` where the answer is none, `unreachable`, `cancelled`.
   */
  ask(question: Ask): Promise<JsonObject>;
};

type VaultOptions = {
  readonly place: Place;
  readonly session: Session;
  /** The key's reference, for messages. */
  readonly where: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly ca: readonly string[] | undefined;
};

const LOOKUP: Question = { method: 'GET', path: 'auth/token/lookup-self' };
/** logical.ErrInvalidToken, and what it was called before. */
const ENDED = /\b(invalid|bad) token\b/i;

/** The HTTP API of a Vault or an OpenBao. */
export function createVault(options: VaultOptions): Vault {
  const { session, where, deadlineMs, signal } = options;
  return {
    ask: (question) =>
      callRemote(
        { what: 'Vault', where, deadlineMs, signal },
        (ended) => askOnce(question, session, sender(options, ended)),
        (error) => {
          if (error instanceof Answered) return explain(error, session.from, where);
          throw error;
        },
      ),
  };
}

/** `X-Vault-Request` is for agents and proxies that want it, against requests somebody else was tricked into. */
function sender({ place, ca }: VaultOptions, signal: AbortSignal): Send {
  return async ({ method, path, body }, token) => {
    const answer = await exchange({
      method,
      url: `${place.address}/v1/${path}`,
      headers: {
        accept: 'application/json',
        'x-vault-request': 'true',
        ...(place.namespace === undefined ? {} : { 'x-vault-namespace': `${place.namespace}/` }),
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(ca === undefined ? {} : { ca }),
      signal,
    });
    // Whoever repeats the token is not listened to.
    const told = answer.status === 200 || token === undefined || !repeats(errorsOf(answer), token);
    return told ? answer : { ...answer, body: Buffer.alloc(0) };
  };
}

/**
 * A 403 says the same of a token that may not and, at OpenBao, of one that is no more. Asking about the token itself tells them apart
 * where a policy lets it; where it may be no more, the next one is tried once.
 */
async function askOnce(question: Ask, session: Session, send: Send): Promise<JsonObject> {
  const token = await session.token(send);
  const answer = await send(question, token);
  if (answer.status !== 403) return memberOf(answer, question, 'data');
  const holder = await lookUp(token, send);
  if (holder.token === 'valid' || !(await session.replace(token))) throw new Answered(answer, question, holder);
  const next = await session.token(send);
  const second = await send(question, next);
  if (second.status !== 403) return memberOf(second, question, 'data');
  throw new Answered(second, question, await lookUp(next, send));
}

async function lookUp(token: string, send: Send): Promise<Holder> {
  try {
    const answer = await send(LOOKUP, token);
    if (answer.status === 403) return { token: ENDED.test(errorsOf(answer)) ? 'ended' : 'denied', text: '' };
    const text = answer.status === 200 ? describe(memberOf(answer, LOOKUP, 'data')) : '';
    return { token: 'valid', text: repeats(text, token) ? '' : text };
  } catch {
    return { token: 'valid', text: '' };
  }
}

/** Who a token is of, by what people grant rights to. */
function describe(data: JsonObject): string {
  const word = (value: unknown): string | undefined =>
    typeof value === 'string' && /^[\w .:@/+-]{1,128}$/.test(value) ? value : undefined;
  const name = word(data['display_name']);
  const entity = word(data['entity_id']);
  const list = data['policies'];
  const policies = (Array.isArray(list) ? list : []).map(word).filter((one) => one !== undefined);
  return [
    ...(name === undefined ? [] : [`"${name}"`]),
    ...(entity === undefined ? [] : [`entity ${entity}`]),
    ...(policies.length === 0 ? [] : [`with the policies ${policies.slice(0, 10).join(', ')}`]),
  ].join(', ');
}
