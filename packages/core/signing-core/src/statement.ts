import { fieldReader } from './formats/read-json.ts';
import { type Json, type JsonObject, parseStrictJson } from './formats/strict-json.ts';

/** An in-toto Statement: what is said (`predicate`) about which bytes (`subject`). */
export type Statement = {
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Json;
};

/** Digests are hex by algorithm; a subject without `sha256` is none of ours. */
export type Subject = { readonly name?: string; readonly sha256?: string };

const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
const ACCEPTED = [STATEMENT_V1, 'https://in-toto.io/Statement/v0.1'];
const MAX_STATEMENT = 64 * 1024 * 1024;

/** Writes a Statement v1, ready to be signed. */
export function writeStatement(statement: {
  subject: readonly { name: string; sha256: string }[];
  predicateType: string;
  predicate: JsonObject;
}): Buffer {
  const subject = statement.subject.map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
  const { predicateType, predicate } = statement;
  return Buffer.from(JSON.stringify({ _type: STATEMENT_V1, subject, predicateType, predicate }));
}

/** Reads a signed payload as a Statement, v1 or v0.1. @throws SignwrightError `invalid-input`. */
export function parseStatement(payload: Uint8Array): Statement {
  const what = 'the statement';
  const read = fieldReader(what);
  const json = parseStrictJson(payload, { what, maxBytes: MAX_STATEMENT });
  const fields = read.object(json, '', ['_type', 'subject', 'predicateType', 'predicate']);
  if (!ACCEPTED.includes(read.text(fields['_type'], '_type'))) read.fail('_type', `must be ${STATEMENT_V1}`);
  const subject = read.list(fields['subject'], 'subject').map((value, index) => {
    const path = `subject[${index}]`;
    const entry = read.record(value, path);
    const digest = read.record(entry['digest'], `${path}.digest`)['sha256'];
    return {
      ...(entry['name'] === undefined ? {} : { name: read.text(entry['name'], `${path}.name`) }),
      ...(digest === undefined ? {} : { sha256: read.text(digest, `${path}.digest.sha256`) }),
    };
  });
  if (subject.length === 0) read.fail('subject', 'must name at least one artifact');
  return { subject, predicateType: read.text(fields['predicateType'], 'predicateType'), predicate: fields['predicate'] ?? null };
}
