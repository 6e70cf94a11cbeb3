import type { KeyObject } from 'node:crypto';
import { algorithmsOf, checkPinned, type Pkcs11Reference, SignwrightError } from '@signwright/signing-core';
import { attribute, CKA, CKF, CKK, CKO, findObjects, type Handle, ulongOf } from './cryptoki.ts';
import { isLost } from './explain.ts';
import type { Token } from './find-token.ts';
import { logIn } from './log-in.ts';
import { mechanismOf } from './operation.ts';
import { publicKeysOf } from './public-key.ts';
import { PIN_VARIABLE } from './read-pin.ts';
import { listed } from './shown.ts';

/** A private key on a token that is there and logged into. */
export type Key = {
  readonly token: Token;
  readonly handle: Handle;
  readonly publicKey: KeyObject;
  /** Whether nothing on the token says what its public key is: it is the pinned one, not proved yet. */
  readonly assumed: boolean;
  /** Whether it asks for the PIN at each signature. */
  readonly alwaysAuthenticate: boolean;
  /** Of the sessions it was found by. */
  readonly age: number;
};

/**
 * Logs in, and finds the one key a reference names, fit to sign.
 *
 * @param pin of the token; `undefined` where it asks for none.
 * @throws SignwrightError `configuration` that says what to put right; whatever the module threw.
 */
export async function openKey(
  token: Token,
  pin: Buffer | undefined,
  reference: Pkcs11Reference,
  pinned: KeyObject | undefined,
  signal: AbortSignal,
): Promise<Key> {
  const { sessions } = token.state;
  const { age } = sessions;
  try {
    return await sessions.use(({ handle }) => {
      if (pin !== undefined) logIn(token, handle, pin, pinPlace(reference));
      return { ...findKey(token, handle, reference, pinned), age: sessions.age };
    }, signal);
  } catch (error) {
    if (isLost(error)) sessions.forget(age);
    throw error;
  }
}

/** Whether the token asks for a login before it shows and uses private keys. */
export function needsPin(token: Token): boolean {
  return (token.flags & CKF.loginRequired) !== 0;
}

/** Where the PIN of a token is, for messages. */
export function pinPlace({ pinSource }: Pkcs11Reference): string {
  return pinSource ?? `the environment variable ${PIN_VARIABLE}`;
}

function findKey(token: Token, session: Handle, reference: Pkcs11Reference, pinned: KeyObject | undefined): Omit<Key, 'age'> {
  const { cryptoki } = token;
  const where = reference.text;
  const handle = findPrivateKey(token, session, reference);
  const isTrue = (type: number): boolean => attribute(cryptoki, session, handle, type)?.[0] === 1;
  if (attribute(cryptoki, session, handle, CKA.sign)?.[0] === 0)
    throw new SignwrightError('configuration', 'the key may not sign: its CKA_SIGN is not true', {
      where,
      next: 'set CKA_SIGN on the key, or make one that has it',
    });
  const keyType = typeOf(attribute(cryptoki, session, handle, CKA.keyType), where);
  const shown = publicKeysOf(cryptoki, session, handle, keyType);
  const publicKey = shown.find((key) => pinned?.equals(key)) ?? shown[0] ?? pinned;
  if (publicKey === undefined) throw noPublicKey(where);
  if (shown.length > 0) checkPinned(publicKey, pinned, where);
  checkKey(token, publicKey, where);
  return { token, handle, publicKey, assumed: shown.length === 0, alwaysAuthenticate: isTrue(CKA.alwaysAuthenticate) };
}

function findPrivateKey({ cryptoki, label }: Token, session: Handle, { object, id, text }: Pkcs11Reference): Handle {
  const privateKeys = { type: CKA.class, value: CKO.privateKey };
  const found = findObjects(cryptoki, session, [
    privateKeys,
    ...(object === undefined ? [] : [{ type: CKA.label, value: Buffer.from(object) }]),
    ...(id === undefined ? [] : [{ type: CKA.id, value: Buffer.from(id) }]),
  ]);
  const [handle] = found;
  if (handle !== undefined && found.length === 1) return handle;
  const token = `the token ${listed([label])}`;
  if (handle === undefined) {
    const others = findObjects(cryptoki, session, [privateKeys]).map((one) =>
      labelOf(attribute(cryptoki, session, one, CKA.label)),
    );
    throw new SignwrightError(
      'configuration',
      `no such key: ${token} has ${others.length === 0 ? 'no private key' : listed(others)}`,
      { where: text, next: 'check object and id in the reference, and that this user of the token sees the key' },
    );
  }
  const ids = found.map((one) => attribute(cryptoki, session, one, CKA.id)?.toString('hex').replace(/../g, '%$&') ?? 'none');
  throw new SignwrightError('configuration', `${found.length} private keys of ${token} match, with the ids ${listed(ids)}`, {
    where: text,
    next: 'say id=… in the reference, so that it means one',
  });
}

function labelOf(value: Buffer | undefined): string {
  return value?.toString('utf8') ?? '';
}

const OTHER_TYPES: Readonly<Record<number, string>> = {
  1: 'DSA',
  2: 'Diffie-Hellman',
  4: 'X9.42 Diffie-Hellman',
  65: 'Montgomery',
};

function typeOf(value: Buffer | undefined, where: string): number {
  const type = value === undefined ? -1 : ulongOf(value);
  if (type === CKK.rsa || type === CKK.ec || type === CKK.ecEdwards) return type;
  throw new SignwrightError(
    'configuration',
    `a key of type ${OTHER_TYPES[type] ?? `CKK 0x${type.toString(16)}`} is not accepted`,
    {
      where,
      next: 'use ECDSA P-256 or P-384, Ed25519, or RSA 2048 to 4096',
    },
  );
}

function noPublicKey(where: string): SignwrightError {
  return new SignwrightError('configuration', 'the token does not say what the public key is, or in a form that cannot be read', {
    where,
    next: 'put a public key object or a certificate with the same id (CKA_ID) beside it, or pin the public key in the policy',
  });
}

/** Of a type we accept, by a mechanism the token has. */
function checkKey({ cryptoki, slot, label }: Token, key: KeyObject, where: string): void {
  try {
    const { number, name } = mechanismOf(algorithmsOf(key)[0]);
    if (cryptoki.C_GetMechanismList(slot).includes(number)) return;
    throw new SignwrightError('configuration', `the token ${listed([label])} has no ${name}, by which this key would sign`, {
      next: 'use a key of another type: ECDSA P-256 (CKM_ECDSA) or RSA (CKM_RSA_PKCS)',
    });
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    throw new SignwrightError(error.code, error.message, { where, ...(error.next === undefined ? {} : { next: error.next }) });
  }
}
