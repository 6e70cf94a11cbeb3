import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sourceVersion } from './source-version.ts';

let room: string;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-peers-'));
  mkdirSync(join(room, 'bin'));
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

const cache = (): string => join(room, 'cache', 'signwright', 'peers');

/** Stands in for Go: a shell script that "builds" what it is asked for into GOBIN. */
function fakeGo(body: string): void {
  fakeProgram('go', body);
}

function fakeProgram(name: string, body: string): void {
  writeFileSync(join(room, 'bin', name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(room, 'bin', name), 0o755);
}

const BUILD = [
  `name=$(basename "$2" | cut -d@ -f1)`,
  `printf "#!/bin/sh\\necho ok\\n" >"$GOBIN/$name"`,
  `chmod +x "$GOBIN/$name"`,
].join('\n');

function installer(...names: string[]): Promise<{ code: number; said: string }> {
  const env = {
    PATH: readdirSync(join(room, 'bin')).length > 0 ? `${join(room, 'bin')}:/usr/bin:/bin` : room,
    XDG_CACHE_HOME: join(room, 'cache'),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'install.ts'), ...names], { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout }),
    );
  });
}

test('a peer is built once into its own folder, and found there the next time', async () => {
  fakeGo(BUILD);
  expect(await installer('cosign')).toEqual({ code: 0, said: expect.stringMatching(/^cosign v3\.1\.3: installed in \d+ s\n$/) });
  expect(await installer('cosign')).toEqual({ code: 0, said: 'cosign v3.1.3: already there\n' });
  expect(readdirSync(cache())).toEqual(['cosign-v3.1.3']);
});

test('a peer of our own is built from its folder, into one named by what is in it', async () => {
  fakeGo(`[ "$1 $2" = "build -C" ] && [ -f "$3/go.sum" ] || exit 4
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' >"$2"; chmod +x "$2"`);
  const source = join(import.meta.dirname, 'go/logcheck');
  expect(await installer('logcheck')).toEqual({ code: 0, said: expect.stringMatching(/^logcheck: installed in \d+ s\n$/) });
  expect(await installer('logcheck')).toEqual({ code: 0, said: 'logcheck: already there\n' });
  expect(readdirSync(cache())).toEqual([`logcheck-${sourceVersion(source)}`]);
});

test('a changed, added or renamed source file is another version', () => {
  const versions = [
    ['a', '1'],
    ['a', '2'],
    ['b', '1'],
  ].map(([name, bytes], at) => {
    const folder = join(room, `source-${at}`);
    mkdirSync(folder);
    writeFileSync(join(folder, name as string), bytes as string);
    return sourceVersion(folder);
  });
  writeFileSync(join(room, 'source-0', 'b'), '1');
  expect(new Set([...versions, sourceVersion(join(room, 'source-0'))]).size).toBe(4);
});

test('two installers at once both succeed and leave one whole program', async () => {
  fakeGo(`sleep 0.3; ${BUILD}`);
  const outcomes = await Promise.all([installer('cosign'), installer('cosign')]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  expect(readdirSync(cache())).toEqual(['cosign-v3.1.3']);
});

test('a build that fails is said with its last words and leaves nothing behind', async () => {
  fakeGo('echo "module not found" >&2; exit 3');
  const { code, said } = await installer('cosign');
  expect(code).toBe(1);
  expect(said).toMatch(/^cosign v3\.1\.3: cannot: .*exit code 3: module not found\n$/);
  expect(readdirSync(cache())).toEqual([]);
});

test('a program that builds but does not run is not installed', async () => {
  fakeGo(`${BUILD}; printf '#!/bin/sh\\nexit 9\\n' >"$GOBIN/$name"`);
  expect((await installer('cosign')).code).toBe(1);
  expect(readdirSync(cache())).toEqual([]);
});

test('without Go it says where to get it', async () => {
  const { code, said } = await installer('timestamp-server');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('install Go 1.26 or newer') });
});

/** Stands in for Python: what it makes in place of a virtual environment writes down what it was asked, and ends as told. */
function fakePython(pip: string): void {
  const inside = `#!/bin/sh\\necho "$*" >>${room}/asked\\n[ "$2" = pip ] || exit 0\\n${pip}\\n`;
  fakeProgram('python3', `mkdir -p "$3/bin"; printf '${inside}' >"$3/bin/python"; chmod +x "$3/bin/python"`);
}

test('a peer in Python gets an environment of its own, with what is pinned and nothing else, and is started where it ends up', async () => {
  fakePython('exit 0');
  expect(await installer('moto_server')).toEqual({ code: 0, said: expect.stringMatching(/^moto_server 5\.2\.5: installed in/) });
  expect(await installer('moto_server')).toEqual({ code: 0, said: 'moto_server 5.2.5: already there\n' });
  const pinned = join(import.meta.dirname, 'requirements/moto_server.txt');
  const asked = readFileSync(join(room, 'asked'), 'utf8');
  expect(asked).toMatch(/^-m pip install .*--no-deps/);
  expect(asked).toContain(`--requirement ${pinned}\n-m moto.server --help\n`);
  expect(readFileSync(pinned, 'utf8')).toContain('\nmoto==5.2.5\n');
  execFileSync(join(cache(), 'moto_server-5.2.5/moto_server'), ['-p', '1']);
  expect(readFileSync(join(room, 'asked'), 'utf8')).toMatch(/\n-m moto\.server -p 1\n$/);
});

test('where pip fails nothing is left behind', async () => {
  fakePython('echo "no such version" >&2; exit 1');
  const { code, said } = await installer('moto_server');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/^moto_server 5\.2\.5: cannot: .*no such version\n$/) });
  expect(readdirSync(cache())).toEqual([]);
});

test('without Python it says what to install', async () => {
  const { code, said } = await installer('moto_server');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('install Python 3.11 or newer') });
});

test('a name that is no peer is refused with those that are', async () => {
  const { code, said } = await installer('cosgin');
  expect(code).toBe(1);
  expect(said).toContain('known are cosign, timestamp-server, openssl');
  expect(existsSync(cache())).toBe(false);
});
