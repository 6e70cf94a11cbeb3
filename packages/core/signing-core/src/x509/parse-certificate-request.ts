import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf, SignwrightError } from '../error.ts';
import { algorithmsOf, spkiOf } from '../keys.ts';
import { OID } from './certificate.ts';
import { bytesOf, child, type Der, type GeneralName, isContext, partsOf, readDer, readGeneralNames } from './der.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { holds, readSigned } from './signature-algorithms.ts';

/** What somebody asks a certificate for (PKCS#10, RFC 2986). All but the key is a wish: the issuer decides. */
export type CertificateRequest = {
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly subjectEmpty: boolean;
  /** The subject alternative names it asks for. */
  readonly names: readonly GeneralName[];
  /** OIDs of the extensions it asks for, names included. */
  readonly extensions: readonly string[];
};

const MAX_REQUEST = 65_536;
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/**
 * Reads a certificate request in DER, strictly: version 1, a key we accept, no attribute but the extensions it asks for, and a signature
 * by that very key, which proves that whoever asks has it.
 *
 * @throws SignwrightError `invalid-input`.
 */
export function parseCertificateRequest(der: Uint8Array): CertificateRequest {
  try {
    if (der.length > MAX_REQUEST) throw new Error(`it is larger than ${MAX_REQUEST} bytes`);
    return read(readDer(der));
  } catch (cause) {
    throw new SignwrightError('invalid-input', `the certificate request cannot be accepted: ${messageOf(cause)}`, { cause });
  }
}

function read(root: Der): CertificateRequest {
  const information = child(root, 0);
  const [version, subject, key, attributes, ...more] = partsOf(information);
  if (root.subs.length !== 3 || more.length > 0 || !version || !subject || !key) throw new Error('it is malformed');
  if (version.toInteger() !== 0n) throw new Error('it is not version 1');
  const spki = bytesOf(key);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  algorithmsOf(publicKey);
  if (!plainSpkiOf(publicKey).equals(spki)) throw new Error('its key is written in an unusual way');
  if (!holds(readSigned(root), publicKey))
    throw new Error('its signature is not by its key, so nothing proves that whoever asks has it');
  const extensions = readAttributes(attributes);
  const names = extensions.get(OID.subjectAlternativeName);
  return {
    publicKey,
    spki,
    subjectEmpty: subject.subs.length === 0,
    names: names ? readGeneralNames(names.value) : [],
    extensions: [...extensions.keys()],
  };
}

/** A point may be written compressed too, and is kept as it was: then one key would have two ids, of which one may be revoked. */
function plainSpkiOf(key: KeyObject): Buffer {
  return spkiOf(createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }));
}

function readAttributes(attributes: Der | undefined): Extensions {
  if (attributes === undefined) return new Map();
  if (!isContext(attributes, 0)) throw new Error('it is malformed');
  const other = attributes.subs.find((attribute) => child(attribute, 0).toOID() !== EXTENSION_REQUEST);
  if (other) throw new Error(`it has the attribute ${child(other, 0).toOID()}; only the extensions it asks for belong in it`);
  const [requested, ...more] = attributes.subs;
  if (requested === undefined) return new Map();
  const values = child(requested, 1).subs;
  if (more.length > 0 || values.length !== 1) throw new Error('it asks for extensions twice');
  return readExtensions(child(child(requested, 1), 0).subs);
}
