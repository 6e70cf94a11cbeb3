import { SignwrightError } from '../error.ts';
import { quoted } from './quoted.ts';

/** A JSON value. Objects made by {@link parseStrictJson} have no prototype's keys to trip over. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** What a reader accepts at the most. */
export type JsonLimits = {
  /** What is read, for messages: "the bundle". */
  what: string;
  /** In bytes of UTF-8. */
  maxBytes: number;
  /** Of nesting; 64 unless told. */
  maxDepth?: number;
  /** Of `,`, `[` and `{`, wherever they stand: many small values take far more memory than their bytes. Any number unless told. */
  maxParts?: number;
};

/**
 * Reads JSON as RFC 8259 has it, and refuses what two readers could read differently: duplicate keys, invalid UTF-8, half
 * surrogate pairs, a byte order mark, a `__proto__` key, deep nesting, anything over the size.
 *
 * @throws SignwrightError `invalid-input`, with the character's position.
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): Json {
  const fail = (message: string): never => {
    throw new SignwrightError('invalid-input', `${limits.what}: ${message}`);
  };
  if (bytes.length > limits.maxBytes) fail(`${bytes.length} bytes; at most ${limits.maxBytes} are read`);
  if (bytes.length === 0) fail('is empty');
  if (limits.maxParts !== undefined && hasMoreParts(bytes, limits.maxParts)) fail(`has more than ${limits.maxParts} values`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('is not UTF-8');
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return fail(`is not JSON${placeOf(error)}`);
  }
  refuseDuplicates(text, limits.maxDepth ?? 64, fail);
  return value;
}

function hasMoreParts(bytes: Uint8Array, most: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let parts = 0;
  for (const char of [COMMA, OPEN_ARRAY, OPEN_OBJECT])
    for (let at = buffer.indexOf(char); at >= 0; at = buffer.indexOf(char, at + 1)) if (++parts > most) return true;
  return false;
}

/** Where JSON.parse stopped. Its message quotes the text, which may be a secret that was read by mistake. */
function placeOf(error: unknown): string {
  const position = /at position (\d+)/.exec((error as Error).message)?.[1];
  return position === undefined ? '' : ` (at character ${position})`;
}

/** Walks text that JSON.parse has accepted, so only keys and nesting are left to judge. */
function refuseDuplicates(text: string, maxDepth: number, fail: (message: string) => never): void {
  const keys: (Set<string> | undefined)[] = [];
  const surrogates = /\\u[dD][89a-fA-F]/.test(text);
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = endOfString(text, at);
      if (surrogates && /\p{Surrogate}/u.test(JSON.parse(text.slice(at, end + 1)) as string)) {
        fail(`has half a surrogate pair (at character ${at})`);
      }
      if (expectKey) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        const seen = keys.at(-1);
        if (seen?.has(key)) fail(`has the key ${quoted(key)} twice (at character ${at})`);
        if (key === '__proto__') fail(`has a key "__proto__" (at character ${at})`);
        seen?.add(key);
        expectKey = false;
      }
      at = end;
    } else if (char === OPEN_OBJECT || char === OPEN_ARRAY) {
      keys.push(char === OPEN_OBJECT ? new Set() : undefined);
      expectKey = char === OPEN_OBJECT;
      if (keys.length > maxDepth) fail(`is nested more than ${maxDepth} deep`);
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) {
      keys.pop();
      expectKey = false;
    } else if (char === COMMA) {
      expectKey = keys.at(-1) !== undefined;
    }
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
