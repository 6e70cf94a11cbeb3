import { type Environment, SignwrightError, type SshPublicKey } from '@signwright/signing-core';
import { listAgentKeys } from './agent-keys.ts';
import type { Ran } from './run-openssh.ts';

/** What a failure is explained by. */
export type Attempt = {
  readonly ran: Ran;
  /** The key as the person named it. */
  readonly where: string;
  readonly publicKey: SshPublicKey;
  readonly environment: Environment;
  readonly signal: AbortSignal | undefined;
  /** Whether somebody could be asked for a passphrase or PIN. */
  readonly asked: boolean;
};

type Explanation = readonly [said: RegExp, explain: (attempt: Attempt) => SignwrightError | Promise<SignwrightError>];

/** What ssh-keygen says, which has no codes for it, and what that means here. The first that fits counts. */
const EXPLANATIONS: readonly Explanation[] = [
  [
    /unknown option|illegal option/,
    ({ where }) => refuse('this ssh-keygen is too old to sign', where, 'install OpenSSH 8.4 or later'),
  ],
  [
    /UNPROTECTED PRIVATE KEY FILE/,
    ({ where }) =>
      refuse('the private key can be read by others, so ssh-keygen does not use it', where, `chmod 600 ${privateOf(where)}`),
  ],
  [
    /doesn't match private/,
    ({ where }) =>
      refuse(
        `${privateOf(where)}.pub is not of the private key beside it`,
        where,
        `write it anew: ssh-keygen -y -f ${privateOf(where)}`,
      ),
  ],
  [/No private key found/, explainMissing],
  [
    /Couldn't sign message.*(incorrect passphrase|PIN)/,
    ({ where }) =>
      refuse('the PIN of the security key is wrong, or none was given', where, 'run again; too many wrong PINs lock the key'),
  ],
  [/incorrect passphrase/, explainPassphrase],
  [
    /agent refused operation/,
    ({ where }) =>
      refuse(
        'the SSH agent did not sign: somebody declined there, the security key was not touched in time, or its PIN was not given',
        where,
        'run again; where the agent cannot ask for a PIN, take the key out of it (ssh-add -d) and give the path of its file',
      ),
  ],
  [
    /device not found|no FIDO|FIDO_ERR_/i,
    ({ where }) => refuse('the security key of this SSH key was not found', where, 'plug it in, and touch it when it blinks'),
  ],
];

/** Why ssh-keygen made no signature, and what to do. */
export async function explain(attempt: Attempt): Promise<SignwrightError> {
  const { ran, where } = attempt;
  if (ran.ended === 'SIGINT' || ran.ended === 'SIGTERM' || ran.ended === 'SIGHUP') {
    return new SignwrightError('cancelled', 'signing was stopped by the user', { where });
  }
  const [, known] = EXPLANATIONS.find(([said]) => said.test(ran.stderr)) ?? [];
  if (known !== undefined) return known(attempt);
  const last = ran.stderr.trim().split('\n').at(-1) ?? '';
  const ending = ran.ended === null ? `ended with ${ran.status}` : `was ended by ${ran.ended}`;
  return refuse(`ssh-keygen did not sign: it ${ending}${last === '' ? '' : `, and said ${JSON.stringify(last)}`}`, where);
}

async function explainMissing({ where, publicKey, environment, signal }: Attempt): Promise<SignwrightError> {
  const absent = 'the private half of this SSH key is not beside it';
  const next = `add it to the agent (ssh-add), or give the path of the private key`;
  try {
    const held = await listAgentKeys(environment, signal);
    const there = held.some(({ line }) => line === publicKey.line);
    return refuse(there ? 'the SSH agent has this key and did not sign by it' : `${absent}, nor in the SSH agent`, where, next);
  } catch (cause) {
    if (!(cause instanceof SignwrightError) || cause.code === 'cancelled') throw cause;
    return refuse(`${absent}, and ${cause.message}`, where, next, cause);
  }
}

function explainPassphrase({ where, asked }: Attempt): SignwrightError {
  if (asked) return refuse('the passphrase of the SSH key is wrong, or none was given', where, 'run again');
  return refuse(
    'the SSH key is encrypted, and there is no terminal to ask for its passphrase',
    where,
    'run this in a terminal, add the key to an agent beforehand (ssh-add), or set SSH_ASKPASS to a program that asks',
  );
}

function privateOf(where: string): string {
  return where.replace(/\.pub$/, '');
}

function refuse(message: string, where: string, next?: string, cause?: unknown): SignwrightError {
  return new SignwrightError('configuration', message, { where, ...(next === undefined ? {} : { next }), cause });
}
