const P = 2n ** 255n - 19n;
/** d = -121665/121666 of edwards25519 (RFC 8032, 5.1). */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
/** The y of all points of order 1, 2, 4 and 8: signatures by such a key hold for many messages. */
const SMALL_ORDER = new Set([
  0n,
  1n,
  P - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/**
 * Whether 32 bytes are an Ed25519 public key that can be one: the one encoding of a point on the curve (RFC 8032, 5.1.3), not of small
 * order. OpenSSL takes any 32 bytes for a key.
 */
export function isEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const y = number & (2n ** 255n - 1n);
  if (y >= P || SMALL_ORDER.has(y)) return false;
  // x² = (y² - 1) / (d y² + 1) has a root where its Legendre symbol is 1; that of u / v is that of u v.
  const square = (y * y) % P;
  return power((square - 1n + P) * (D * square + 1n), (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let factor = base % P;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % P;
    factor = (factor * factor) % P;
  }
  return result;
}
