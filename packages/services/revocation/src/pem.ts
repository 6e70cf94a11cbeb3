import { SignwrightError } from '@signwright/signing-core';

/** The DER of a file that is DER, or one PEM block of this kind. @throws SignwrightError `invalid-input`. */
export function derOf(bytes: Uint8Array, kind: string): Uint8Array {
  const [begin, end] = [`-----BEGIN ${kind}-----`, `-----END ${kind}-----`];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, begin.length)).toString('latin1');
  if (text !== begin) return bytes;
  const whole = Buffer.from(bytes).toString('latin1').trimEnd();
  const body = whole.slice(begin.length, -end.length).replaceAll(/[\r\n]/g, '');
  if (whole.endsWith(end) && /^[A-Za-z0-9+/]+={0,2}$/.test(body)) return Buffer.from(body, 'base64');
  throw new SignwrightError('invalid-input', `it is not one PEM block of the kind ${kind}`);
}
