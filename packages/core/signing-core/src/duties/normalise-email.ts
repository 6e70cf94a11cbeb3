/**
 * An e-mail address in the form in which addresses are held against each other: lower case throughout, without the `+tag` of the local
 * part, without blanks, angle brackets, quotes and characters nobody sees. Two addresses that come out the same may still be two
 * mailboxes: it serves to exclude people, never to let anybody count.
 *
 * @returns the empty string where nothing is left.
 */
export function normaliseEmail(address: string): string {
  const bare = address
    .replace(/[\s<>"\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .normalize('NFC');
  const at = bare.lastIndexOf('@');
  const tag = bare.indexOf('+', 1);
  return tag > 0 && tag < at ? bare.slice(0, tag) + bare.slice(at) : bare;
}
