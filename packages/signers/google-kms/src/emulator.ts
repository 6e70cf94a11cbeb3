import { type Environment, SignwrightError } from '@signwright/signing-core';

const NAME = 'SIGNWRIGHT_GCPKMS_EMULATOR_HOST';

/**
 * The stand-in that is to be asked in the place of Google Cloud KMS, in plain text and without credentials: on this machine alone.
 *
 * @throws SignwrightError `configuration` for any other host.
 */
export function emulatorOf(environment: Environment, where: string): { host: string; port: number } | undefined {
  const value = environment[NAME];
  if (value === undefined || value === '') return undefined;
  const [, host, port] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(value) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new SignwrightError('configuration', `${NAME} names another machine, or no port`, {
    where,
    next: `leave it unset to ask Google Cloud KMS; for tests write 127.0.0.1:PORT`,
  });
}
