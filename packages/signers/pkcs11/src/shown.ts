const MOST = 10;

/** Names from a token, in quotes, with nothing a terminal would obey: the first ten. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST).map((name) => `"${name.slice(0, 64).replace(/[\p{C}\p{Zl}\p{Zp}"]/gu, '?')}"`);
  return names.length > MOST ? `${shown.join(', ')} and ${names.length - MOST} more` : shown.join(', ');
}
