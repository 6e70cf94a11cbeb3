import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PEERS, type Peer } from './peers.ts';
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

/** Stands in for npm: links a program that writes down what started it, as npm would have from the package it is asked for. */
function fakeNpm(body: string): void {
  fakeProgram('npm', `echo "$*" >>${room}/asked; cd "$3" && [ -f package.json ] && [ -f package-lock.json ] || exit 4\n${body}`);
  fakeProgram('node', `echo "node $*" >>${room}/asked; exec sh "$@"`);
}

const LINKED = 'mkdir -p node_modules/.bin && echo "exit 0" >node_modules/.bin/tfx';

test('a peer from npm gets what its lockfile pins, no script of a package runs, and Node starts it where it ends up', async () => {
  fakeNpm(LINKED);
  expect(await installer('tfx')).toEqual({ code: 0, said: expect.stringMatching(/^tfx 0\.23\.1: installed in/) });
  expect(await installer('tfx')).toEqual({ code: 0, said: 'tfx 0.23.1: already there\n' });
  expect(readFileSync(join(room, 'asked'), 'utf8')).toMatch(/^ci --prefix \S+ --ignore-scripts /);
  execFileSync(join(cache(), 'tfx-0.23.1/tfx'), ['extension'], { env: { PATH: `${join(room, 'bin')}:/usr/bin:/bin` } });
  expect(readFileSync(join(room, 'asked'), 'utf8')).toMatch(/\nnode \S+\/tfx-0\.23\.1\/node_modules\/\.bin\/tfx extension\n$/);
});

test('where npm fails nothing is left behind', async () => {
  fakeNpm('echo "no such version" >&2; exit 1');
  const { code, said } = await installer('tfx');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/^tfx 0\.23\.1: cannot: .*no such version\n$/) });
  expect(readdirSync(cache())).toEqual([]);
});

test('without npm it says what to install', async () => {
  const { code, said } = await installer('tfx');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('install Node 20.20 or newer with its npm') });
});

const NPM_PEERS = PEERS.filter(({ kind }) => kind === 'npm').map(({ name }) => name);

test.each(NPM_PEERS)('%s is pinned at its version, and its lockfile names no registry', (name) => {
  const folder = join(import.meta.dirname, 'npm', name);
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== '');
  expect(Object.values(dependencies)).toEqual([
    (PEERS as readonly (Peer & { version?: string })[]).find((peer) => peer.name === name)?.version,
  ]);
  expect(packages.filter(([, entry]) => 'resolved' in entry || !('integrity' in entry))).toEqual([]);
});

test('a name that is no peer is refused with those that are', async () => {
  const { code, said } = await installer('cosgin');
  expect(code).toBe(1);
  expect(said).toContain('known are cosign, timestamp-server, openssl');
  expect(existsSync(cache())).toBe(false);
});
