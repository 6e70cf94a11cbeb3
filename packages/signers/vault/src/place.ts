import { type Environment, SignwrightError, type VaultReference } from '@signwright/signing-core';

/** Which Vault, and which part of it. */
export type Place = {
  /** An origin. */
  readonly address: string;
  readonly namespace?: string;
};

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;
const NAMESPACE = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+){0,7}$/;

/**
 * Address and namespace, from the reference, else from VAULT_ADDR and VAULT_NAMESPACE.
 *
 * What the environment holds, a token or a SecretID, is for the Vault the environment names: a reference, which whoever changes the
 * policy writes, cannot have it sent elsewhere.
 *
 * @throws SignwrightError `configuration` where neither says an address, or one that may not be used.
 */
export function placeOf(reference: VaultReference, environment: Environment): Place {
  if (reference.login !== 'jwt' && reference.address !== undefined) checkSame(reference.address, reference, environment);
  const namespace = reference.namespace ?? namespaceIn(environment, reference.text);
  return {
    address: reference.address ?? addressIn(environment, reference.text),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function checkSame(address: string, { login, text: where }: VaultReference, environment: Environment): void {
  const text = environment['VAULT_ADDR'] ?? '';
  if (text === '' || (URL.canParse(text) && new URL(text).origin === address)) return;
  const secret = login === 'approle' ? 'VAULT_ROLE_ID and VAULT_SECRET_ID are' : 'the token in the environment is';
  throw new SignwrightError(
    'configuration',
    `${secret} for the Vault that VAULT_ADDR names, and address=${address} in the reference is another`,
    { where, next: `set VAULT_ADDR=${address} if that is the Vault they are for, else take address= out of the reference` },
  );
}

function addressIn(environment: Environment, where: string): string {
  const text = environment['VAULT_ADDR'] ?? '';
  const off = (why: string): SignwrightError =>
    new SignwrightError('configuration', why, {
      where,
      next: 'set VAULT_ADDR=https://vault.example, or say address=https://vault.example in the reference',
    });
  if (text === '') throw off('which Vault is not known: there is neither address= in the reference nor VAULT_ADDR');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw off('VAULT_ADDR is no address of a server');
  if (url.username !== '' || url.password !== '') throw off('VAULT_ADDR carries a user or a password');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw off('VAULT_ADDR has more than a host and a port');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw off('VAULT_ADDR is http, and so would be what Vault is told: http is for this machine alone');
  return url.origin;
}

function namespaceIn(environment: Environment, where: string): string | undefined {
  const text = (environment['VAULT_NAMESPACE'] ?? '').replace(/\/$/, '');
  if (text === '') return undefined;
  if (NAMESPACE.test(text)) return text;
  throw new SignwrightError('configuration', 'VAULT_NAMESPACE is no path of a namespace', {
    where,
    next: 'write it as ns1/ns2, or say namespace= in the reference',
  });
}
