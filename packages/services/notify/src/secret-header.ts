import { SignwrightError } from '@signwright/signing-core';

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const VALUE = /^[\x21-\x7e]([\x20-\x7e]{0,8190}[\x21-\x7e])?$/;

/**
 * A header whose value is a secret in an environment variable, such as `Authorization` for a log collector.
 *
 * @throws SignwrightError `configuration` that names the variable, never its value.
 */
export function secretHeader(
  name: string,
  variable: string,
  env: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string } {
  const refuse = (why: string, next: string): SignwrightError =>
    new SignwrightError('configuration', why, { where: variable, next });
  if (!NAME.test(name)) throw refuse('the name of the secret header is none', 'use one like Authorization');
  const value = env[variable];
  if (value === undefined || value === '') {
    throw refuse(`the environment variable ${variable} is not set`, `put the value of the header ${name} into it`);
  }
  if (!VALUE.test(value)) {
    throw refuse(
      `the environment variable ${variable} holds what no header can carry`,
      'remove line breaks and spaces around it',
    );
  }
  return { [name.toLowerCase()]: value };
}
