import { SignwrightError, type VaultReference } from '@signwright/signing-core';
import type { HttpAnswer } from '@signwright/transport';
import { memberOf, type Question } from './answer.ts';
import { isToken, readCredentials, tokenInFile } from './credentials.ts';
import type { VaultSignerOptions } from './vault-signer.ts';

/** Sends one question, with a token where it needs one. */
export type Send = (question: Question, token?: string) => Promise<HttpAnswer>;

/** How this run is known to Vault. */
export type Session = {
  /** Where the token is from, for messages. */
  readonly from: string;
  /** The token: of the environment, or of a login, made where there is none whose lease still runs. */
  token(send: Send): Promise<string>;
  /** Gives up a token that Vault knows no more. @returns whether there is another. */
  replace(token: string): Promise<boolean>;
};

/** A lease is taken to end this much earlier, so that it does not on the way. */
const MARGIN_MS = 5_000;

/** @throws SignwrightError `configuration` where there is nothing to log in with. */
export function createSession(reference: VaultReference, options: VaultSignerOptions): Session {
  const credentials = readCredentials(reference, options);
  switch (credentials.kind) {
    case 'token':
      return { from: 'VAULT_TOKEN', token: async () => credentials.token, replace: async () => false };
    case 'file': {
      const token = (): Promise<string> => tokenInFile(credentials.path, reference.text);
      return { from: `the file ${credentials.path}`, token, replace: async (before) => (await token()) !== before };
    }
    case 'login':
      return loginSession(`auth/${reference.loginMount}/login`, credentials.body);
  }
}

type Login = { readonly token: string; readonly until: number };

/** Logs in once for all that need it at the same time, and again where the lease has run out. */
function loginSession(path: string, body: () => Promise<{ [name: string]: string }>): Session {
  let held: Promise<Login> | undefined;
  const logIn = async (send: Send): Promise<Login> => {
    const question: Question = { method: 'POST', path, body: await body() };
    const auth = memberOf(await send(question), question, 'auth');
    const { client_token: token, lease_duration: lease } = auth;
    if (typeof token !== 'string' || !isToken(token))
      throw new SignwrightError('invalid-input', `the answer of Vault to ${path} has no client_token`, {
        next: 'check the method that is mounted there; one that asks for a second factor is nothing for a pipeline',
      });
    const seconds = typeof lease === 'number' && lease > 0 ? lease : Number.POSITIVE_INFINITY;
    return { token, until: performance.now() + seconds * 1000 - MARGIN_MS };
  };
  return {
    from: `the login at ${path}`,
    async token(send) {
      const before = held;
      const login = await before?.catch(() => undefined);
      // Whoever waited here beside us may have begun to log in anew.
      if (held === before && login !== undefined && login.until < performance.now()) held = undefined;
      held ??= logIn(send);
      const mine = held;
      try {
        return (await mine).token;
      } catch (error) {
        if (held === mine) held = undefined;
        throw error;
      }
    },
    async replace(token) {
      if ((await held?.catch(() => undefined))?.token === token) held = undefined;
      return true;
    },
  };
}
