/** A DSSE envelope with its one signature; `payload` and `signature` as bytes. */
export type Envelope = { readonly payloadType: string; readonly payload: Buffer; readonly signature: Buffer };

/** The payload type of in-toto statements. */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** The bytes a DSSE signature is over: the pre-authentication encoding of type and payload (DSSE v1). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}
