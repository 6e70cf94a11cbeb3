import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment, Pkcs11Reference, SignwrightError } from '@signwright/signing-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBinding, loadModule } from './load-module.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signwright-module-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function refusal(
  modulePath: string | undefined,
  environment: Environment = {},
  workingDirectory?: string,
): Promise<SignwrightError> {
  const reference = { scheme: 'pkcs11', text: 'pkcs11:object=k', ...(modulePath === undefined ? {} : { modulePath }) };
  return loadModule(reference as Pkcs11Reference, environment, workingDirectory).then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );
}

describe('the package pkcs11js', () => {
  const failing = (code: string, message: string) => () => Promise.reject(Object.assign(new Error(message), { code }));

  test.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package 'pkcs11js' imported from /x"],
    ['MODULE_NOT_FOUND', "Cannot find module 'pkcs11js'\nRequire stack:\n- /x"],
  ])('that is not installed (%s) is asked for, with the command', async (code, message) => {
    await expect(loadBinding(failing(code, message))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/not installed/),
      next: expect.stringContaining('npm install pkcs11js@2.1.7'),
    });
  });

  test.each([
    ['MODULE_NOT_FOUND', "Cannot find module './build/Release/pkcs11.node'"],
    ['ERR_DLOPEN_FAILED', '/x/pkcs11.node: invalid ELF header'],
  ])('that was not built (%s) is told apart from one that is missing', async (code, message) => {
    await expect(loadBinding(failing(code, message))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/not built/),
      next: expect.stringContaining('npm rebuild pkcs11js'),
    });
  });
});

describe('a PKCS#11 library', () => {
  test('must be named, by the reference or the environment', async () => {
    expect(await refusal(undefined)).toMatchObject({
      code: 'configuration',
      next: expect.stringContaining('SIGNWRIGHT_PKCS11_MODULE'),
    });
    expect(await refusal(undefined, { SIGNWRIGHT_PKCS11_MODULE: '/none.so' })).toMatchObject({ where: '/none.so' });
  });

  test('is named by an absolute path, never looked for in the working directory', async () => {
    const error = await refusal(undefined, { SIGNWRIGHT_PKCS11_MODULE: 'package.json' });
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringMatching(/not absolute/) });
  });

  test('is a file that is there, which not everyone may change', async () => {
    const open = join(directory, 'open.so');
    await writeFile(open, '');
    await chmod(open, 0o666);
    expect((await refusal(join(directory, 'none.so'))).message).toMatch(/there is no PKCS#11 library/);
    expect((await refusal(directory)).message).toMatch(/is no file/);
    expect(await refusal(open)).toMatchObject({ code: 'configuration', next: `chmod o-w ${open}` });
  });

  describe.runIf(process.platform !== 'win32')('of the checkout', () => {
    let checkout: string;
    let evil: string;
    beforeAll(async () => {
      checkout = join(directory, 'checkout');
      evil = join(checkout, 'tools', 'evil.so');
      await mkdir(join(checkout, 'tools'), { recursive: true });
      await writeFile(evil, 'no library', { mode: 0o644 });
      await symlink(checkout, join(directory, 'link-to-checkout'));
      await symlink('/proc/self/cwd', join(directory, 'link-to-proc'));
    });

    test.each([
      '/proc/self/cwd/package.json',
      '//proc/self/cwd/package.json',
      '/usr/../proc/self/cwd/package.json',
      '/proc/self/fd/0',
      '/dev/fd/0',
      '/sys/x.so',
    ])('is not loaded by %s, which is whatever the process looks at, though the environment names it', async (path) => {
      for (const environment of [{}, { SIGNWRIGHT_PKCS11_MODULE: path }])
        expect(await refusal(path, environment, '/nowhere')).toMatchObject({
          code: 'configuration',
          message: expect.stringMatching(/below \/(proc|dev|sys), where a name may mean any file/),
        });
    });

    test('is not loaded by its path, a link to it, or one that leads through /proc', async () => {
      const paths = [evil, join(directory, 'link-to-checkout', 'tools', 'evil.so'), `${checkout}/../checkout/tools/evil.so`];
      for (const path of paths)
        for (const workingDirectory of [checkout, join(checkout, 'tools'), join(directory, 'link-to-checkout')])
          expect(await refusal(path, {}, workingDirectory)).toMatchObject({
            code: 'configuration',
            message: expect.stringMatching(/in the working directory/),
            next: expect.stringContaining('SIGNWRIGHT_PKCS11_MODULE'),
            where: path,
          });
      const here = await refusal(join(directory, 'link-to-proc', 'package.json'));
      expect(here.message).toMatch(/in the working directory/);
    });

    test('is loaded where the environment names just that path, and one that merely lies beside the checkout always', async () => {
      const other = { SIGNWRIGHT_PKCS11_MODULE: '/usr/lib/other.so' };
      expect((await refusal(evil, other, checkout)).message).toMatch(/in the working directory/);
      for (const reference of [evil, undefined])
        expect((await refusal(reference, { SIGNWRIGHT_PKCS11_MODULE: evil }, checkout)).message).toMatch(
          /no PKCS#11 library that can be loaded/,
        );
      const beside = join(directory, 'checkout-2.so');
      await writeFile(beside, 'no library', { mode: 0o644 });
      expect((await refusal(beside, {}, checkout)).message).toMatch(/no PKCS#11 library that can be loaded/);
    });
  });
});
