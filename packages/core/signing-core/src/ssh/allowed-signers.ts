import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { SshPublicKey } from './ssh-public-key.ts';

/** Who may sign what, for `ssh-keygen -Y verify -f FILE`. */
export type AllowedSigner = {
  /** What is given to `-I`. */
  readonly principal: string;
  /** What is given to `-n`; at least one. */
  readonly namespaces: readonly string[];
  readonly key: SshPublicKey;
  /** Signatures count from here on. */
  readonly validAfter?: Date;
  /** Signatures count before here. */
  readonly validBefore?: Date;
};

const LONGEST = 1000;
/** ssh-keygen takes the time 0 for none. */
const EARLIEST = Date.UTC(1970, 0, 2);
const LATEST = Date.UTC(9999, 11, 31);

/**
 * A line of an allowed signers file (ssh-keygen(1), ALLOWED SIGNERS), without its line break. Times are written in UTC, in whole seconds;
 * for ssh-keygen the last one still counts, so the second before `validBefore` is written.
 *
 * @throws SignwrightError `invalid-input` for names and times that the file cannot say exactly: it knows wildcards (`*`, `?`, `!`), lists
 * with commas, and no way to write these as themselves.
 */
export function allowedSignersLine({ principal, namespaces, key, validAfter, validBefore }: AllowedSigner): string {
  if (namespaces.length === 0) throw unwritable('nothing that the key may sign', 'name a namespace');
  const options = [
    `namespaces="${namespaces.map((namespace) => exact(namespace, 'namespace')).join(',')}"`,
    ...(validAfter === undefined ? [] : [`valid-after="${written(Math.ceil(validAfter.getTime() / 1000))}"`]),
    ...(validBefore === undefined ? [] : [`valid-before="${written(Math.ceil(validBefore.getTime() / 1000) - 1)}"`]),
  ];
  return `${exact(principal, 'principal')} ${options.join(',')} ${key.line}`;
}

/** A name that no reader takes for a pattern, a list, a comment or the end of a field. */
function exact(name: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(name) && !/[*?,"\\]|^[!#]/.test(name) && name.length <= LONGEST) return name;
  throw unwritable(
    `the ${what} ${quoted(name)}`,
    `use printable ASCII of at most ${LONGEST} characters without blanks, quotes, backslashes, commas, "*" and "?", and no "!" or "#" in front`,
  );
}

function written(seconds: number): string {
  const time = seconds * 1000;
  if (!(time >= EARLIEST && time <= LATEST))
    throw unwritable(`the time ${seconds}`, 'use a time between the years 1970 and 9999');
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

function unwritable(what: string, next: string): SignwrightError {
  return new SignwrightError('invalid-input', `an allowed signers file cannot say ${what}`, { next });
}
