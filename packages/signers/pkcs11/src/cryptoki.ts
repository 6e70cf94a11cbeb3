import { endianness } from 'node:os';
import { SignwrightError } from '@signwright/signing-core';
import type { PKCS11 } from 'pkcs11js';

/** A session, object or slot, as the module's own bytes of a CK_ULONG. */
export type Handle = Buffer;

/** What we use of PKCS#11. But for `C_SignAsync` each call is waited for by the whole process: the binding has no other. */
export type Cryptoki = Pick<
  PKCS11,
  | 'C_Initialize'
  | 'C_GetSlotList'
  | 'C_GetTokenInfo'
  | 'C_GetMechanismList'
  | 'C_OpenSession'
  | 'C_CloseSession'
  | 'C_Login'
  | 'C_FindObjectsInit'
  | 'C_FindObjects'
  | 'C_FindObjectsFinal'
  | 'C_GetAttributeValue'
  | 'C_SignInit'
  | 'C_SignAsync'
>;

/** Values of PKCS#11 2.40 and 3.0; the binding knows only the former. */
export const CKO = { certificate: 1, publicKey: 2, privateKey: 3 } as const;
export const CKK = { rsa: 0, ec: 3, ecEdwards: 0x40 } as const;
export const CKM = { rsaPkcs: 1, ecdsa: 0x1041, eddsa: 0x1057 } as const;
export const CKU = { user: 1, contextSpecific: 2 } as const;
export const CKF = {
  osLocking: 2,
  serialSession: 4,
  loginRequired: 4,
  tokenInitialized: 0x400,
  pinFinalTry: 0x20000,
  pinLocked: 0x40000,
} as const;
export const CKA = {
  class: 0,
  label: 3,
  value: 0x11,
  keyType: 0x100,
  id: 0x102,
  sign: 0x108,
  modulus: 0x120,
  publicExponent: 0x122,
  publicKeyInfo: 0x129,
  ecParams: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
} as const;

/** A CK_ULONG as a number. */
export function ulongOf(bytes: Uint8Array): number {
  const ordered = endianness() === 'LE' ? Buffer.from(bytes).reverse() : Buffer.from(bytes);
  return Number(BigInt(`0x0${ordered.toString('hex')}`));
}

const CODE = /\b(CKR_[A-Z0-9_]+)/;

/** What a module returned, by name: `CKR_PIN_INCORRECT`. `undefined` for what no module said; our own errors have been judged. */
export function returnCode(error: unknown): string | undefined {
  return error instanceof Error && !(error instanceof SignwrightError) ? CODE.exec(error.message)?.[1] : undefined;
}

const NOT_SHOWN = ['CKR_ATTRIBUTE_TYPE_INVALID', 'CKR_ATTRIBUTE_SENSITIVE'];

/** An object's attribute; `undefined` where it has none, or an empty one, or does not show it. */
export function attribute(cryptoki: Cryptoki, session: Handle, object: Handle, type: number): Buffer | undefined {
  try {
    const value = cryptoki.C_GetAttributeValue(session, object, [{ type }])[0]?.value;
    return value === undefined || value.length === 0 ? undefined : value;
  } catch (error) {
    if (NOT_SHOWN.includes(returnCode(error) ?? '')) return undefined;
    throw error;
  }
}

const MOST_OBJECTS = 64;

/** The first 64 objects that have these attributes. */
export function findObjects(
  cryptoki: Cryptoki,
  session: Handle,
  template: readonly { readonly type: number; readonly value: number | Buffer }[],
): Handle[] {
  cryptoki.C_FindObjectsInit(session, [...template]);
  try {
    return cryptoki.C_FindObjects(session, MOST_OBJECTS);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

/** All objects that have these attributes, up to `most`. */
export function findAllObjects(
  cryptoki: Cryptoki,
  session: Handle,
  template: readonly { readonly type: number; readonly value: number | Buffer }[],
  most: number,
): Handle[] {
  const found: Handle[] = [];
  cryptoki.C_FindObjectsInit(session, [...template]);
  try {
    while (found.length < most) {
      const some = cryptoki.C_FindObjects(session, Math.min(MOST_OBJECTS, most - found.length));
      if (some.length === 0) break;
      found.push(...some);
    }
    return found;
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}
