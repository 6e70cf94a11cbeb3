import { bytesOf, child, type Der, readDer } from './der.ts';

/** The relative names of a distinguished name, most significant first, each in a form that is equal where the names are. */
export type RelativeNames = readonly string[];

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const DECODERS: { readonly [tag: number]: string } = {
  12: 'utf-8',
  18: 'latin1',
  19: 'latin1',
  20: 'latin1',
  22: 'latin1',
  30: 'utf-16be',
};

/** Reads a Name (RFC 5280, 4.1.2.4): compared without case and superfluous spaces, whatever kind of string they are (7.1). */
export function relativeNames(name: Buffer): RelativeNames {
  return readDer(name).subs.map((set) =>
    JSON.stringify(set.subs.map((pair) => `${child(pair, 0).toOID()}=${comparable(child(pair, 1))}`).sort()),
  );
}

/** Whether a name is within another: the same, or below it. */
export function isWithin(name: RelativeNames, base: RelativeNames): boolean {
  return base.every((relative, index) => name[index] === relative);
}

/** The e-mail addresses in a Name, as older certificates carry them. */
export function emailAddressesIn(name: Buffer): string[] {
  return readDer(name).subs.flatMap((set) =>
    set.subs.flatMap((pair) => (child(pair, 0).toOID() === EMAIL_ADDRESS ? [child(pair, 1).value.toString('latin1')] : [])),
  );
}

function comparable(value: Der): string {
  const encoding = value.tag.class === 0 ? DECODERS[value.tag.number] : undefined;
  if (encoding === undefined) return `#${bytesOf(value).toString('hex')}`;
  const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(value.value);
  return text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
}
