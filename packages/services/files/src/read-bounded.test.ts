import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUnprivileged, whyNotUnprivileged } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBounded } from './read-bounded.ts';
import { readSecret } from './read-secret.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-read-'));
});
afterEach(() => rmSync(place, { recursive: true }));

function planted(content: string | Uint8Array, mode = 0o600): string {
  const path = join(place, 'f');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('readBounded', () => {
  test.each([0, 1, 9, 10])('reads a file of %i bytes where 10 are allowed', async (length) => {
    expect(await readBounded(planted('x'.repeat(length)), 10, 'the policy')).toEqual(Buffer.from('x'.repeat(length)));
  });

  test('refuses one byte more, saying what the file is and how large it may be', async () => {
    const path = planted('x'.repeat(11));
    const message = `the policy ${path} is larger than 10 bytes`;
    await expect(readBounded(path, 10, 'the policy')).rejects.toMatchObject({ code: 'invalid-input', message, where: path });
  });

  test('refuses a file that says it is empty and never ends', async () => {
    await expect(readBounded('/proc/self/maps', 10, 'the policy')).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('reads all of a file that says it is empty', async () => {
    expect((await readBounded('/proc/self/status', 65_536, 'the status')).toString()).toMatch(
      /^Name:[\s\S]*nonvoluntary_ctxt_switches:.*\n/,
    );
  });

  test('tells a missing file from others by its cause', async () => {
    const path = join(place, 'missing');
    await expect(readBounded(path, 10, 'the policy')).rejects.toMatchObject({
      code: 'configuration',
      message: `the policy ${path} does not exist`,
      cause: { code: 'ENOENT' },
    });
  });

  test('refuses a directory, and a named pipe without waiting', async () => {
    spawnSync('mkfifo', [join(place, 'pipe')]);
    for (const path of [place, join(place, 'pipe')]) {
      await expect(readBounded(path, 10, 'the policy')).rejects.toMatchObject({
        code: 'configuration',
        message: /not a regular file/,
      });
    }
  });
});

const why = whyNotUnprivileged();
describe.skipIf(process.platform === 'win32')('readSecret', () => {
  test.each([0o600, 0o400, 0o700])('reads a file of mode %o', async (mode) => {
    expect((await readSecret(planted('secret', mode))).toString()).toBe('secret');
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])(
    'refuses a file of mode %o with the command that mends it',
    async (mode) => {
      const path = planted('hush', mode);
      const error = (await readSecret(path).catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'configuration', where: path, next: `chmod 600 ${path}` });
      expect(error.message).toContain(`mode 0${mode.toString(8)}`);
      expect(error.message).not.toContain('hush');
    },
  );

  test('refuses more than 64 KiB', async () => {
    expect(await readSecret(planted(Buffer.alloc(65_536)))).toHaveLength(65_536);
    await expect(readSecret(planted(Buffer.alloc(65_537)))).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe.skipIf(why !== undefined)(`permissions${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  test('a file that may not be read, and a secret that may not, are the user’s to mend', () => {
    const path = planted('locked', 0);
    chmodSync(place, 0o755);
    const errors = runUnprivileged(`
      import { readBounded } from ${JSON.stringify(new URL('read-bounded.ts', import.meta.url).href)};
      import { readSecret } from ${JSON.stringify(new URL('read-secret.ts', import.meta.url).href)};
      const path = ${JSON.stringify(path)};
      const errors = await Promise.all([readBounded(path, 10, 'the policy'), readSecret(path)].map((p) => p.catch((e) => [e.code, e.message])));
      console.log(JSON.stringify(errors));`);
    expect(errors).toEqual([
      ['configuration', `the policy ${path} may not be read by this user`],
      ['configuration', `the secret file ${path} may not be read by this user`],
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'a secret of another user is refused even where it can be read (as root only)',
    async () => {
      const path = planted('secret');
      spawnSync('chown', ['65534', path]);
      await expect(readSecret(path)).rejects.toMatchObject({ code: 'configuration', message: /belongs to another user/ });
    },
  );
});
