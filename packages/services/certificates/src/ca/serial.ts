import { randomBytes } from 'node:crypto';

const BYTES = 17;
const TRIES = 8;

/**
 * A serial number that nobody could have foretold: 134 random bits, positive, in hex.
 *
 * @param isTaken whether one is another certificate's.
 */
export function freshSerial(isTaken: (serial: string) => boolean = () => false, draw: () => Buffer = random): string {
  for (let tries = 0; tries < TRIES; tries++) {
    const bytes = draw();
    // A first byte from 0x40 to 0x7f: positive, and always of the same length.
    bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
    const serial = bytes.toString('hex');
    if (!isTaken(serial)) return serial;
  }
  throw new TypeError(`${TRIES} serial numbers of ${BYTES} random bytes were all taken: this machine's randomness is broken`);
}

function random(): Buffer {
  return randomBytes(BYTES);
}
