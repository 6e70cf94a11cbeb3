import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment, Pkcs11Reference, SignwrightError } from '@signwright/signing-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPin } from './read-pin.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signwright-pin-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const from = async (pinSource: string | undefined, environment: Environment = {}): Promise<string> => {
  const reference = { scheme: 'pkcs11', text: 'pkcs11:object=k', ...(pinSource === undefined ? {} : { pinSource }) };
  return (await readPin(reference as Pkcs11Reference, environment)).toString('utf8');
};
let count = 0;
async function pinFile(content: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(directory, `${count++}`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}
const refusal = (work: Promise<string>): Promise<SignwrightError> =>
  work.then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );

describe('a PIN', () => {
  test.each([
    ['1234', '1234'],
    ['1234\n', '1234'],
    ['1234\r\n', '1234'],
    ['12 34\n\n', '12 34\n'],
    ['schlüssel', 'schlüssel'],
  ])('is what stands in its file, but for one line break (%j)', async (content, pin) => {
    expect(await from(await pinFile(content))).toBe(pin);
  });

  test('is taken from its file before the environment, which is used where no file is named', async () => {
    const environment = { SIGNWRIGHT_PKCS11_PIN: '5678' };
    expect(await from(await pinFile('1234'), environment)).toBe('1234');
    expect(await from(undefined, environment)).toBe('5678');
    const none = await refusal(from(undefined));
    expect(none).toMatchObject({ code: 'configuration', next: expect.stringContaining('SIGNWRIGHT_PKCS11_PIN') });
  });

  test.each([
    ['is empty', ''],
    ['is empty', '\n'],
    ['is longer than 1024 bytes', '7'.repeat(1025)],
    ['is longer than 1024 bytes', '7'.repeat(5000)],
    ['is no text in UTF-8', Buffer.of(0x37, 0xff, 0x37)],
    ['is no text in UTF-8', Buffer.of(0x37, 0, 0x37)],
  ])('that %s does not cost the token a try, and is not shown', async (problem, content) => {
    const error = await refusal(from(await pinFile(content)));
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining(problem) });
    expect(`${error.message}${error.next}`).not.toContain('77');
  });

  test('in a file that others can read is refused, with the command that closes it', async () => {
    for (const mode of [0o640, 0o604, 0o620]) {
      const error = await refusal(from(await pinFile('1234', mode)));
      expect(error).toMatchObject({ code: 'configuration', next: expect.stringMatching(/^chmod 600 /) });
    }
  });

  test('is not waited for at a pipe, nor looked for in a directory or in nothing', async () => {
    const pipe = join(directory, 'pipe');
    spawnSync('mkfifo', ['-m', '600', pipe]);
    for (const path of [pipe, directory, join(directory, 'none')])
      expect(await refusal(from(path))).toMatchObject({ code: 'configuration', where: path });
  });
});
