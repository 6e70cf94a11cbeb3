import { closeSync, openSync } from 'node:fs';
import type { Environment } from '@signwright/signing-core';

/** Whether there is a terminal a program can ask at, whatever its stdin is. */
export function hasTerminal(): boolean {
  if (process.platform === 'win32') return process.stdin.isTTY;
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

/**
 * The environment of an ssh-keygen whose stdin is the message to sign, so that it asks for a passphrase or PIN where somebody can
 * answer (ssh(1), SSH_ASKPASS_REQUIRE; OpenSSH 8.4): at the terminal, though there is a display but no program of the user's to ask on
 * it; and where there is no terminal, never on stdin, else it would take the message for what was typed.
 */
export function askingEnvironment(environment: Environment, terminal: boolean): Environment {
  if (!terminal) return { ...environment, SSH_ASKPASS_REQUIRE: 'force' };
  if (environment['SSH_ASKPASS'] !== undefined || environment['SSH_ASKPASS_REQUIRE'] !== undefined) return environment;
  return { ...environment, SSH_ASKPASS_REQUIRE: 'never' };
}

/** Whether anybody can be asked at all. */
export function canAsk(environment: Environment, terminal: boolean): boolean {
  return terminal || (environment['SSH_ASKPASS'] ?? '') !== '';
}
