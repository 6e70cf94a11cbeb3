import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { attribute, CKA, CKK, CKO, type Cryptoki, findObjects, type Handle } from './cryptoki.ts';
import { element } from './der.ts';

/** What an object says of a public key. */
export type KeyFacts = {
  readonly keyType: number;
  readonly publicKeyInfo?: Buffer | undefined;
  readonly modulus?: Buffer | undefined;
  readonly publicExponent?: Buffer | undefined;
  readonly ecParams?: Buffer | undefined;
  readonly ecPoint?: Buffer | undefined;
};

/**
 * The public keys that may belong to a private one, the likeliest first: of public key objects with its CKA_ID (its label, where it
 * has no id), out of its own attributes, of certificates with its CKA_ID. They are what the token says, and prove nothing.
 */
export function publicKeysOf(cryptoki: Cryptoki, session: Handle, privateKey: Handle, keyType: number): KeyObject[] {
  const id = attribute(cryptoki, session, privateKey, CKA.id);
  const label = attribute(cryptoki, session, privateKey, CKA.label);
  const same =
    id !== undefined ? { type: CKA.id, value: id } : label !== undefined ? { type: CKA.label, value: label } : undefined;
  const beside = (kind: number): Handle[] =>
    same === undefined ? [] : findObjects(cryptoki, session, [{ type: CKA.class, value: kind }, same]);
  const factsOf = (object: Handle): KeyFacts => ({
    keyType,
    publicKeyInfo: attribute(cryptoki, session, object, CKA.publicKeyInfo),
    ...(keyType === CKK.rsa
      ? {
          modulus: attribute(cryptoki, session, object, CKA.modulus),
          publicExponent: attribute(cryptoki, session, object, CKA.publicExponent),
        }
      : {
          ecParams: attribute(cryptoki, session, object, CKA.ecParams),
          ecPoint: attribute(cryptoki, session, object, CKA.ecPoint),
        }),
  });
  const found = [
    ...beside(CKO.publicKey).map((object) => publicKeyFrom(factsOf(object))),
    publicKeyFrom(factsOf(privateKey)),
    ...beside(CKO.certificate).map((object) => certifiedKey(attribute(cryptoki, session, object, CKA.value))),
  ];
  return found.filter((key) => key !== undefined);
}

/** The public key that attributes make up; `undefined` where they make up none. */
export function publicKeyFrom(facts: KeyFacts): KeyObject | undefined {
  try {
    if (facts.publicKeyInfo !== undefined) return createPublicKey({ key: facts.publicKeyInfo, format: 'der', type: 'spki' });
    if (facts.keyType === CKK.rsa) return rsaKey(facts);
    return facts.keyType === CKK.ecEdwards ? edwardsKey(facts) : curveKey(facts);
  } catch {
    return undefined;
  }
}

function rsaKey({ modulus, publicExponent }: KeyFacts): KeyObject | undefined {
  if (modulus === undefined || publicExponent === undefined) return undefined;
  const [n, e] = [modulus.toString('base64url'), publicExponent.toString('base64url')];
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
}

const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');

function curveKey({ ecParams, ecPoint }: KeyFacts): KeyObject | undefined {
  if (ecParams === undefined || ecPoint === undefined) return undefined;
  return fromSpki(element(0x30, EC_PUBLIC_KEY, ecParams), unwrapped(ecPoint));
}

/** Ed25519 by its object identifier (RFC 8410), and by the name that PKCS#11 3.0 gives the curve. */
const ED25519 = ['06032b6570', '130c656477617264733235353139'];

function edwardsKey({ ecParams, ecPoint }: KeyFacts): KeyObject | undefined {
  if (ecPoint === undefined || !ED25519.includes(ecParams?.toString('hex') ?? '')) return undefined;
  const point = ecPoint.length === 32 ? ecPoint : unwrapped(ecPoint);
  return fromSpki(element(0x30, Buffer.from('06032b6570', 'hex')), point);
}

function fromSpki(algorithm: Buffer, point: Buffer): KeyObject {
  const spki = element(0x30, algorithm, element(0x03, Buffer.of(0), point));
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

/** CKA_EC_POINT is a point in an OCTET STRING; some modules leave that out, and some take a BIT STRING. */
function unwrapped(point: Buffer): Buffer {
  for (const [tag, skipped] of [
    [0x04, 0],
    [0x03, 1],
  ] as const) {
    for (const header of [2, 3]) {
      const content = point.subarray(header);
      if (content.length > 0 && element(tag, content).equals(point)) return content.subarray(skipped);
    }
  }
  return point;
}

function certifiedKey(der: Buffer | undefined): KeyObject | undefined {
  try {
    return der === undefined ? undefined : new X509Certificate(der).publicKey;
  } catch {
    return undefined;
  }
}
