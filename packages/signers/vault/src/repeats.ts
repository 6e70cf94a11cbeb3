/** Characters in a row, all others left out, from which on a piece of a secret counts as one. */
const PIECE = 6;

/** Whether a piece of the secret stands in the text, whatever white space and separators stand between its characters. */
export function repeats(text: string, secret: string): boolean {
  const [inText, inSecret] = [compact(text), compact(secret)];
  if (inSecret.length < PIECE) return inSecret !== '' && inText.includes(inSecret);
  for (let at = 0; at + PIECE <= inSecret.length; at++) if (inText.includes(inSecret.slice(at, at + PIECE))) return true;
  return false;
}

function compact(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '').toLowerCase();
}
