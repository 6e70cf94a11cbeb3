import { SignwrightError } from '@signwright/signing-core';

const INTEGER = 0x02;
const SEQUENCE = 0x30;

/**
 * ECDSA signatures leave Key Vault as r and s side by side (RFC 7518, 3.4); everything else here has them in DER (RFC 3279, 2.2.3).
 *
 * @param size bytes of r, and of s. @throws SignwrightError `invalid-input` for another length, or where either is 0.
 */
export function readEcdsa(raw: Uint8Array, size: number, where: string): Uint8Array {
  const parts = [raw.subarray(0, size), raw.subarray(size)];
  if (raw.length !== 2 * size || parts.some((part) => part.every((byte) => byte === 0)))
    throw new SignwrightError('invalid-input', `the answer of Azure Key Vault is no ECDSA signature of ${2 * size} bytes`, {
      where,
    });
  const integers = Buffer.concat(parts.map(integer));
  return Buffer.concat([Buffer.of(SEQUENCE, integers.length), integers]);
}

/** Of at most 49 bytes, so that every length is one byte. */
function integer(bytes: Uint8Array): Buffer {
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  const padding = (significant[0] as number) >= 0x80 ? [0] : [];
  return Buffer.from([INTEGER, significant.length + padding.length, ...padding, ...significant]);
}
