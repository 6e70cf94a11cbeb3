import { SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { isSha256, type Sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';

/** The type of a gate. */
const GATE = 'https://signwright.dev/gate/v1';

/** A job that waits for the approvals a request asks for, by the address a person opens to have it run again. */
export type Gate = {
  readonly request: Sha256;
  /** `https:`; no user, no fragment, and no query but the number of a build, as `CiJob.url` has it. */
  readonly url: string;
};

/** How the one encoding begins: RFC 8785 sorts the keys. */
export const GATE_START: RegExp = /^\{"request":"sha256:[0-9a-f]{64}","type":"https:\/\/signwright\.dev\/gate\/v1","url":"/;
export const GATE_END = '"}';

const MAX_GATE = 4096;
const MAX_URL = 1024;

/** The bytes of a gate, RFC 8785. The same gate makes the same bytes. @throws SignwrightError `invalid-input` for another address. */
export function writeGate({ request, url }: Gate): Buffer {
  const json = { type: GATE, request, url };
  checkGate(json);
  return Buffer.from(canonicalJson(json));
}

/**
 * Reads a gate. It is a hint and proves nothing: whoever can write evidence may have made it up.
 *
 * @throws SignwrightError `invalid-input` for anything but the bytes {@link writeGate} makes.
 */
export function readGate(bytes: Uint8Array): Gate {
  const json = parseStrictJson(bytes, { what: 'the gate', maxBytes: MAX_GATE, maxDepth: 1 });
  const gate = checkGate(json);
  if (Buffer.from(canonicalJson(json)).equals(bytes)) return gate;
  throw new SignwrightError('invalid-input', 'the gate: it is not in its canonical form (RFC 8785)');
}

function checkGate(json: Json): Gate {
  const read = fieldReader('the gate');
  const fields = read.object(json, '', ['type', 'request', 'url']);
  if (read.text(fields['type'], 'type') !== GATE) read.fail('type', `is not ${GATE}`);
  const request = read.text(fields['request'], 'request');
  if (!isSha256(request)) return read.fail('request', 'is not a SHA-256 digest');
  const url = read.text(fields['url'], 'url');
  return isAddress(url) ? { request, url } : read.fail('url', 'is not the https address of a job');
}

function isAddress(url: string): boolean {
  if (url.length > MAX_URL || !URL.canParse(url)) return false;
  const { href, protocol, username, password, hash, search } = new URL(url);
  const plain = username === '' && password === '' && hash === '' && /^(\?buildId=\d{1,20})?$/.test(search);
  return href === url && protocol === 'https:' && plain;
}
