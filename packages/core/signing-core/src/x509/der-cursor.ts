/** Where a DER element stands in its bytes: its tag, its first byte, its content, and where it ends. */
export type Element = { readonly tag: number; readonly start: number; readonly content: number; readonly end: number };

/** First bytes of the elements that are looked for. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/**
 * The DER element that starts at an offset, in place: nothing is copied and no tree is built, so that lists of a million elements
 * are walked in a second. Strict: definite, minimal lengths, low tag numbers. Throws an Error that says what is malformed.
 *
 * @param limit where the element must have ended.
 * @param tag the tag it must have, where one is expected.
 */
export function elementAt(bytes: Buffer, start: number, limit: number, tag?: number): Element {
  if (start + 2 > limit) throw new Error('an element is missing');
  const found = bytes[start] as number;
  if ((found & 0x1f) === 0x1f || found === 0) throw new Error('a tag that is not supported');
  if (tag !== undefined && found !== tag) throw new Error(`an element with the tag ${found} where ${tag} belongs`);
  const first = bytes[start + 1] as number;
  let content = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || content + count > limit) throw new Error('a length that is not supported');
    length = bytes.readUIntBE(content, count);
    if (length < 0x80 || bytes[content] === 0) throw new Error('a length that is not minimal');
    content += count;
  }
  if (content + length > limit) throw new Error('an element that is longer than what holds it');
  return { tag: found, start, content, end: content + length };
}

/** The elements one after the other until an end, which the last must reach. */
export function* elementsIn(bytes: Buffer, start: number, end: number, tag?: number): Generator<Element> {
  for (let at = start; at < end; ) {
    const element = elementAt(bytes, at, end, tag);
    yield element;
    at = element.end;
  }
}

/** An element with its header. */
export function wholeOf(bytes: Buffer, { start, end }: Element): Buffer {
  return bytes.subarray(start, end);
}
