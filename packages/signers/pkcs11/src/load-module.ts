import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { type Environment, messageOf, type Pkcs11Reference, SignwrightError } from '@signwright/signing-core';
import { CKF, type Cryptoki, returnCode } from './cryptoki.ts';
import type { Module } from './module.ts';

/** The binding to PKCS#11 libraries, as far as we load one by it. */
export type Binding = { readonly PKCS11: new () => Cryptoki & { load(path: string): void } };

const MODULE_VARIABLE = 'SIGNWRIGHT_PKCS11_MODULE';
const WRITABLE_BY_ALL = 0o002;
/** What is there depends on who looks: /proc/self/cwd is the working directory. */
const SHIFTING = ['/proc', '/dev', '/sys'];
const BINDING = 'pkcs11js@2.1.7';

/** A library knows of one initialisation a process; it stays until the process ends, as do the sessions of its tokens. */
const modules = new Map<string, Promise<Module>>();

/**
 * The library a reference or SIGNWRIGHT_PKCS11_MODULE names, loaded once a process.
 *
 * It is never finalised: C_Finalize while a signature is under way is undefined, on a network HSM it would delay the end, and the
 * end of the process frees the same.
 *
 * @param workingDirectory where what is signed, and often the policy that holds the reference, is checked out. Its code is not run,
 * unless SIGNWRIGHT_PKCS11_MODULE, which is set by whoever runs us, names it.
 * @throws SignwrightError `configuration` where none is named, it is no PKCS#11 library, anyone may change it, it is part of the
 * checkout, or `pkcs11js` is missing; whatever C_Initialize threw.
 */
export async function loadModule(
  reference: Pkcs11Reference,
  environment: Environment,
  workingDirectory: string = process.cwd(),
): Promise<Module> {
  const path = await checkedPath(reference, environment, workingDirectory);
  const known = modules.get(path);
  if (known !== undefined) return known;
  const loading = loadBinding().then((binding) => initialise(binding, path));
  modules.set(path, loading);
  loading.catch(() => modules.delete(path));
  return loading;
}

/** The optional package pkcs11js. @param load for tests alone. */
export async function loadBinding(load: () => Promise<unknown> = () => import('pkcs11js')): Promise<Binding> {
  try {
    const loaded = (await load()) as { default?: Binding };
    return loaded.default ?? (loaded as Binding);
  } catch (cause) {
    const absent =
      /^(ERR_)?MODULE_NOT_FOUND$/.test(String((cause as { code?: unknown }).code)) && !/\.node/.test(messageOf(cause));
    throw new SignwrightError(
      'configuration',
      absent
        ? 'keys on a PKCS#11 token need the optional package pkcs11js, which is not installed'
        : 'the package pkcs11js is installed, but its native part was not built for this Node and cannot be loaded',
      {
        next: absent
          ? `install it beside signwright: npm install ${BINDING}; it is built with Python 3, make and a C++ compiler`
          : 'install Python 3, make and a C++ compiler, then run "npm rebuild pkcs11js" where signwright is installed',
        cause,
      },
    );
  }
}

async function checkedPath(
  { modulePath, text }: Pkcs11Reference,
  environment: Environment,
  workingDirectory: string,
): Promise<string> {
  const named = modulePath ?? environment[MODULE_VARIABLE];
  const refuse = (problem: string, next: string, cause?: unknown): SignwrightError =>
    new SignwrightError('configuration', problem, { where: named || text, next, cause });
  if (named === undefined || named === '')
    throw refuse(
      'no PKCS#11 library is named',
      `say ?module-path=/path/of/library.so in the reference, or set ${MODULE_VARIABLE}`,
    );
  if (!isAbsolute(named)) throw refuse('the path of the PKCS#11 library is not absolute', 'write it from / on');
  const shifting = (path: string): void => {
    const place = SHIFTING.find((directory) => isWithin(path, directory));
    if (place === undefined) return;
    throw refuse(
      `the path of the PKCS#11 library is below ${place}, where a name may mean any file, one of the checkout too`,
      'name the library where it was installed',
    );
  };
  shifting(resolve(named));
  const path = await realpath(named).catch((cause: unknown) => {
    throw refuse('there is no PKCS#11 library', 'check the path; the vendor of the token says where its library is', cause);
  });
  shifting(path);
  if (named !== environment[MODULE_VARIABLE] && isWithin(path, await realpath(workingDirectory)))
    throw refuse(
      'the PKCS#11 library is in the working directory: whoever may change what is checked out there would have their code run',
      `install it elsewhere, or, if you trust it, set ${MODULE_VARIABLE} to just that path`,
    );
  const { mode, ...found } = await stat(path).then((stats) => ({ mode: stats.mode, isFile: stats.isFile() }));
  if (!found.isFile) throw refuse('the PKCS#11 library is no file', 'name the library itself, which ends in .so');
  if (process.platform !== 'win32' && (mode & WRITABLE_BY_ALL) !== 0)
    throw refuse('anyone on this machine may change the PKCS#11 library, and it is run', `chmod o-w ${path}`);
  return path;
}

function isWithin(path: string, directory: string): boolean {
  const below = relative(directory, path);
  return below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

function initialise({ PKCS11 }: Binding, path: string): Module {
  const cryptoki = new PKCS11();
  try {
    cryptoki.load(path);
  } catch (cause) {
    throw new SignwrightError('configuration', 'this is no PKCS#11 library that can be loaded here', {
      where: path,
      next: 'name the library of the token for this system and processor; "ldd" shows what it lacks',
      cause,
    });
  }
  try {
    // Without OS locking, signatures in several threads corrupt the library's memory.
    cryptoki.C_Initialize({ flags: CKF.osLocking });
  } catch (error) {
    if (returnCode(error) !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') throw error;
  }
  return { cryptoki, states: new Map() };
}
