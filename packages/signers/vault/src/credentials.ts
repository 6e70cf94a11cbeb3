import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, SignwrightError, type VaultReference } from '@signwright/signing-core';
import type { VaultSignerOptions } from './vault-signer.ts';

/** What there is to be known by: a token, a file that always has the newest one, or what a login takes. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'login'; readonly body: () => Promise<{ [name: string]: string }> };

const MAX_TOKEN_FILE = 16_384;

/**
 * Finds what the reference's way to log in takes. A token comes from VAULT_TOKEN, else from the file VAULT_TOKEN_FILE names (as an
 * agent's sink writes it); never from `~/.vault-token`, which is a person's.
 *
 * @throws SignwrightError `configuration` where it is not there. Names are shown, values never.
 */
export function readCredentials(reference: VaultReference, { environment, idToken }: VaultSignerOptions): Credentials {
  const missing = (what: string, next: string): SignwrightError =>
    new SignwrightError('configuration', `there is nothing to log in to Vault with: ${what}`, { where: reference.text, next });
  switch (reference.login) {
    case 'jwt': {
      const { role } = reference;
      if (idToken === undefined || role === undefined)
        throw missing('login=jwt takes the ID token of a CI job, and there is none', 'sign in a pipeline that has ID tokens');
      return { kind: 'login', body: async () => ({ role, jwt: await idToken() }) };
    }
    case 'approle': {
      const [roleId = '', secretId = ''] = [environment['VAULT_ROLE_ID'], environment['VAULT_SECRET_ID']];
      if (roleId === '' || secretId === '')
        throw missing('login=approle takes VAULT_ROLE_ID and VAULT_SECRET_ID', 'set both as protected variables of the job');
      return { kind: 'login', body: async () => ({ role_id: roleId, secret_id: secretId }) };
    }
    case 'token': {
      const [token = '', path = ''] = [environment['VAULT_TOKEN'], environment['VAULT_TOKEN_FILE']];
      if (token !== '' && !isToken(token))
        throw missing('VAULT_TOKEN holds no token', 'set it anew, without spaces and line ends');
      if (token !== '') return { kind: 'token', token };
      if (path !== '') return { kind: 'file', path };
      throw missing(
        'there is neither VAULT_TOKEN nor VAULT_TOKEN_FILE',
        'set one of them, or have the job log in itself: login=jwt&role=ROLE',
      );
    }
  }
}

/** @throws SignwrightError `configuration` where the file holds no token. */
export async function tokenInFile(path: string, where: string): Promise<string> {
  const off = (why: string, cause?: unknown): SignwrightError =>
    new SignwrightError('configuration', `VAULT_TOKEN_FILE names ${path}, which ${why}`, {
      where,
      next: 'check the path, and what writes the token there',
      cause,
    });
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw off(`cannot be opened: ${messageOf(cause)}`, cause);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MAX_TOKEN_FILE) throw off('is no file with a token');
    const token = (await file.readFile('utf8')).trim();
    if (!isToken(token)) throw off('holds no token');
    return token;
  } finally {
    await file.close();
  }
}

/** Whether it can stand in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(text);
}
