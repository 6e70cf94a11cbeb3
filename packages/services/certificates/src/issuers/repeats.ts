/** Characters in a row, all others left out, from which on a piece of a secret counts as one. */
const PIECE = 6;
/** Encodings upon encodings that are seen through. */
const DEPTH = 2;

/**
 * Whether a piece of the secret stands in the text: as it is, or in base64, base64url or hex or one of them upon another, whatever white
 * space and separators stand between its characters. When in doubt, it does.
 */
export function repeats(text: string, secret: string): boolean {
  const kept = compact(secret);
  if (kept === '') return false;
  const length = Math.min(PIECE, kept.length);
  const pieces = new Set<string>();
  for (let at = 0; at + length <= kept.length; at++) pieces.add(kept.slice(at, at + length));
  let readings = new Set([text]);
  for (let depth = 0; depth <= DEPTH; depth++) {
    for (const reading of readings) if (hasPiece(compact(reading), pieces, length)) return true;
    if (depth < DEPTH) readings = new Set([...readings].flatMap(decodings));
  }
  return false;
}

function hasPiece(text: string, pieces: ReadonlySet<string>, length: number): boolean {
  for (let at = 0; at + length <= text.length; at++) if (pieces.has(text.slice(at, at + length))) return true;
  return false;
}

function compact(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '').toLowerCase();
}

/** All it may stand for: words before it, or separators within, leave open where the first group of an encoding begins. */
function decodings(text: string): string[] {
  const letters = text.replace(/[^A-Za-z0-9]+/g, '');
  const digits = text.replace(/0x/gi, '').replace(/[^0-9A-Fa-f]+/g, '');
  const words = text.split(/[^A-Za-z0-9+/_-]+/);
  return [
    ...[0, 1, 2, 3].map((from) => decode(letters.slice(from), 'base64')),
    ...[0, 1].map((from) => decode(digits.slice(from), 'hex')),
    words.map((word) => decode(word, 'base64')).join(''),
  ];
}

function decode(text: string, encoding: 'base64' | 'hex'): string {
  return Buffer.from(text, encoding).toString('latin1');
}
