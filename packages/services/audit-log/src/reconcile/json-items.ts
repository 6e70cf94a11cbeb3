import { type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';

/** Bytes of one entry, at the most. */
const MAX_ITEM = 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads the entries of a log, however they are put together: JSON Lines, a JSON array, or an object that has them in a list of this
 * name. Only one entry is held at a time.
 *
 * @param what the file, for messages.
 * @throws SignwrightError `invalid-input` for anything else, an entry over 1 MiB, or an end in the middle.
 */
export async function* jsonItems(chunks: AsyncIterable<Uint8Array>, list: string, what: string): AsyncGenerator<JsonObject> {
  const splitter = createSplitter(list, (why) => {
    throw new SignwrightError('invalid-input', `${what}: ${why}`, { next: 'pass the file as its service exported it' });
  });
  let isFirst = true;
  for await (const chunk of chunks) {
    const bytes = isFirst && BYTE_ORDER_MARK.equals(chunk.subarray(0, 3)) ? chunk.subarray(3) : chunk;
    isFirst = false;
    for (const item of splitter.push(bytes)) {
      yield parseStrictJson(item, { what: `an entry of ${what}`, maxBytes: MAX_ITEM }) as JsonObject;
    }
  }
  splitter.end();
}

type Splitter = { push(chunk: Uint8Array): Uint8Array[]; end(): void };

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Finds where entries begin and end by counting brackets outside strings; what is within is parsed by whoever takes them. An object
 * at the top is an entry, unless it turns out to have the list.
 */
function createSplitter(list: string, fail: (why: string) => never): Splitter {
  let depth = 0;
  /** Where an entry's bracket opens: 0 at the top, 1 in an array there, 2 in the list of an object. */
  let itemDepth = 0;
  let inString = false;
  let escaped = false;
  /** The last string of an object at the top, and whether a value follows it. */
  let name: number[] = [];
  let isNamed = false;
  /** What was read of an entry in earlier chunks; `undefined` between entries. */
  let pieces: Uint8Array[] | undefined;
  let held = 0;
  /** Where the entry begins in this chunk. */
  let start = 0;

  const atTop = (): boolean => itemDepth === 0 && depth === 1;

  function hold(piece: Uint8Array): void {
    held += piece.length;
    if (held > MAX_ITEM) fail(`an entry has more than ${MAX_ITEM} bytes`);
    pieces?.push(Buffer.from(piece));
  }

  function inText(byte: number): void {
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) inString = false;
    if (inString && atTop() && name.length <= list.length) name.push(byte);
  }

  function open(byte: number, at: number): void {
    const isList =
      byte === OPEN_ARRAY && (depth + itemDepth === 0 || (atTop() && isNamed && Buffer.from(name).toString() === list));
    if (isList) {
      pieces = undefined;
      itemDepth = depth + 1;
    } else if (depth === itemDepth) {
      if (byte !== OPEN_OBJECT) fail('an entry is no object');
      pieces = [];
      held = 0;
      start = at;
    }
    depth++;
    isNamed = false;
  }

  /** @returns the entry that ends here. */
  function close(chunk: Uint8Array, at: number): Uint8Array | undefined {
    if (depth === 0) fail('it is no JSON');
    depth--;
    if (depth < itemDepth) itemDepth = 0;
    else if (depth === itemDepth && pieces !== undefined) {
      hold(chunk.subarray(start, at + 1));
      const item = Buffer.concat(pieces);
      pieces = undefined;
      return item;
    }
    return undefined;
  }

  function push(chunk: Uint8Array): Uint8Array[] {
    const items: Uint8Array[] = [];
    start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (inString) {
        inText(byte);
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        open(byte, at);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        const item = close(chunk, at);
        if (item !== undefined) items.push(item);
      } else if (depth === itemDepth) {
        if (!SPACE.has(byte) && !(byte === COMMA && depth > 0)) fail('an entry is no object');
      } else if (byte === QUOTE) {
        inString = true;
        if (atTop()) name = [];
      } else if (atTop()) {
        if (byte === COLON) isNamed = true;
        else if (!SPACE.has(byte)) isNamed = false;
      }
    }
    if (pieces !== undefined) hold(chunk.subarray(start));
    return items;
  }

  return {
    push,
    end() {
      if (depth > 0) fail('it ends in the middle');
    },
  };
}
