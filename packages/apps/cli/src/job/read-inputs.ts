import { isDeepStrictEqual } from 'node:util';
import { nearestWord } from '@signwright/policy';
import { type Environment, type Json, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import { duration } from '../program-audit.ts';
import { INPUTS, type Input, type JobCommand, type Platform } from './inputs.ts';

/** What a job was told: each input of the table, the default where it was not given. `wait` is in seconds. */
export type Inputs = {
  readonly paths: readonly string[];
  readonly environment: string;
  readonly policy: string;
  readonly anchor: string;
  readonly unanchored: boolean;
  readonly evidence: string;
  readonly signer: readonly string[];
  readonly release: string;
  readonly sidecars: boolean;
  readonly 'passphrase-env': string;
  readonly collect: boolean;
  readonly attest: boolean;
  readonly wait: number;
  readonly scenarios: readonly string[];
  readonly artifact: string;
  readonly 'report-signer': string;
  readonly reports: string;
  readonly archive: boolean;
  readonly comment: boolean;
  readonly 'status-check': string;
  readonly 'release-link': boolean;
};
type Value = string | number | boolean | readonly string[];

const AS_JSON = 'SIGNWRIGHT_INPUTS';
const MAX_INPUTS = 256 * 1024;

/**
 * Reads what a job was told: one JSON object in `SIGNWRIGHT_INPUTS`. An empty text is the default.
 *
 * @throws SignwrightError `usage` that names the input, what it was and what it may be.
 */
export function readInputs(command: JobCommand, platform: Platform | undefined, environment: Environment): Inputs {
  const given = givenIn(environment);
  const mine = (input: Input): boolean =>
    input.commands.includes(command) &&
    (input.platforms === undefined || platform === undefined || input.platforms.includes(platform));
  for (const [name, { value, where }] of given) {
    const row = INPUTS.find((one) => one.name === name);
    if (row === undefined) throw unknown(name, where, INPUTS.filter(mine));
    if (!mine(row) && !isUnset(value, row)) {
      throw new SignwrightError(
        'usage',
        `the input ${name} is not for ${command}${platform === undefined ? '' : ` on ${platform}`}`,
        {
          where,
          next: `leave it out; it is for ${row.commands.join(', ')}${row.platforms === undefined ? '' : ` on ${row.platforms.join(', ')}`}`,
        },
      );
    }
  }
  const read = INPUTS.map((row) => {
    const { value, where } = given.get(row.name) ?? { value: '', where: row.name };
    return [row.name, isUnset(value, row) ? defaultOf(row) : parseValue(value, row, where)] as const;
  });
  return Object.fromEntries(read) as unknown as Inputs;
}

type Given = ReadonlyMap<string, { readonly value: Json; readonly where: string }>;

function givenIn(environment: Environment): Given {
  if (!environment[AS_JSON]) return new Map();
  const parsed = parseStrictJson(Buffer.from(environment[AS_JSON] ?? ''), { what: AS_JSON, maxBytes: MAX_INPUTS });
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new SignwrightError('usage', `${AS_JSON} is not a JSON object`, { next: 'write {"environment": "production", …}' });
  return new Map(Object.entries(parsed).map(([name, value]) => [name, { value, where: `${AS_JSON}.${name}` }]));
}

/** An input that is as if it had not been given: adapters may hand on every input they know. */
function isUnset(value: Json, row: Input): boolean {
  const isDefault = value === row.default || value === String(row.default);
  return value === '' || value === null || isDeepStrictEqual(value, []) || isDefault;
}

function defaultOf({ type, default: value }: Input): Value {
  if (type === 'list') return [];
  return type === 'duration' ? duration(String(value)) : value;
}

function parseValue(value: Json, row: Input, where: string): Value {
  const { name, type, pattern } = row;
  if (type === 'boolean') {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw notThat(name, value, 'true or false', where);
  }
  if (type === 'list') return listOf(value, name, where);
  if (typeof value !== 'string') throw notThat(name, value, 'a text', where);
  if (value.includes('\0')) throw notThat(name, value, 'a text without NUL', where);
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(value))
    throw notThat(name, value, `of the form ${pattern}`, where);
  if (type === 'duration') return duration(value);
  return value;
}

function listOf(value: Json, name: string, where: string): string[] {
  const lines = typeof value === 'string' ? value.split(/\r?\n/).map((line) => line.trim()) : value;
  if (!Array.isArray(lines) || !lines.every((line): line is string => typeof line === 'string' && !/[\0\r\n]/.test(line)))
    throw notThat(name, value, 'one a line, or a list of texts without line breaks', where);
  return lines.filter((line) => line !== '');
}

function unknown(name: string, where: string, known: readonly Input[]): SignwrightError {
  const names = known.map((one) => one.name);
  const near = nearestWord(name, names);
  return new SignwrightError('usage', `there is no input ${JSON.stringify(name.slice(0, 100))}`, {
    where,
    next: `${near === undefined ? '' : `did you mean ${near}? `}known are ${names.join(', ')}`,
  });
}

/** The value is not repeated: it may be a secret that was put into the wrong place. */
function notThat(name: string, value: Json, wanted: string, where: string): SignwrightError {
  const found =
    typeof value === 'string' ? `a text of ${value.length} characters` : Array.isArray(value) ? 'a list' : typeof value;
  return new SignwrightError('usage', `the input ${name} is ${found}, and must be ${wanted}`, {
    where,
    next: 'correct it in the pipeline',
  });
}
