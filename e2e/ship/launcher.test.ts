import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whyNotUnprivileged } from '@signwright/testkit';
import { describe, expect, it } from 'vitest';
import { nodes } from '../nodes.ts';
import { freePort } from '../scenario.ts';
import { digestOf, folder, LAUNCHER, type Launched, launch, STAND_IN, write } from './launching.ts';
import { type ReleaseServer, startReleaseServer } from './release-server.ts';

const STAND_IN_DIGEST = digestOf(STAND_IN);
const MAX_BYTES = 64 * 1024 * 1024;

type Told = { readonly args: readonly string[]; readonly itself: string; readonly file: string; readonly evil: unknown };
const told = ({ stdout }: Launched): Told => JSON.parse(stdout);
const never = (): never => expect.fail('nothing is asked for');

/** A cache of its own, and what names the stand-in. */
function place(cli = STAND_IN): { cache: string; file: string; env: Record<string, string> } {
  const cache = join(folder(), 'cache');
  const file = write(join(folder(), 'signwright.cjs'), cli);
  return { cache, file, env: { SIGNWRIGHT_CACHE: cache, SIGNWRIGHT_CLI: file, SIGNWRIGHT_CLI_SHA256: STAND_IN_DIGEST } };
}

const keptIn = (cache: string): string => join(cache, 'cli', `${STAND_IN_DIGEST}.cjs`);

function serving(text: string | Uint8Array = STAND_IN): Promise<ReleaseServer> {
  return startReleaseServer((_, response) => response.end(text));
}

describe.each(nodes())('the launcher on %s', (_, program) => {
  it('runs the file that has the digest, with its arguments, and ends as it ends', async () => {
    const { env, cache } = place();
    const ran = await launch({ program, env, args: ['job', 'verify', '--x y', '$(id)'] });
    expect(ran).toMatchObject({ status: 4, stderr: '' });
    expect(told(ran)).toMatchObject({ args: ['job', 'verify', '--x y', '$(id)'], itself: keptIn(cache), file: keptIn(cache) });
  });

  it('runs nothing where the digest is another, and names both', async () => {
    const { env } = place(`${STAND_IN}//`);
    const { status, stdout, stderr } = await launch({ program, env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`its SHA-256 is ${digestOf(`${STAND_IN}//`)}, not ${STAND_IN_DIGEST}`);
  });

  it('downloads once, and then takes what it kept', async () => {
    const { env, cache } = place();
    const server = await serving();
    const from = { ...env, ...server.env, SIGNWRIGHT_CLI: `${server.url}/signwright.cjs` };
    expect(await launch({ program, env: from })).toMatchObject({ status: 4 });
    expect(await launch({ program, env: from })).toMatchObject({ status: 4 });
    expect(server.asked.map(({ path }) => path)).toEqual(['/signwright.cjs']);
    expect(readdirSync(join(cache, 'cli'))).toEqual([`${STAND_IN_DIGEST}.cjs`]);
  });

  it('loads nothing from folders beside the job, beside the file or beside the cache', async () => {
    const { env, file, cache } = place();
    const cwd = folder();
    for (const near of [cwd, join(file, '..'), cache, join(cache, 'cli')])
      write(join(near, 'node_modules', 'evil', 'index.js'), 'module.exports = "loaded"');
    write(join(cwd, 'package.json'), '{"type":"module","imports":{"#x":"./x.js"}}');
    expect(told(await launch({ program, env, cwd })).evil).toBe('MODULE_NOT_FOUND');
  });
});

describe('what the launcher is told', () => {
  it.each([
    ['no digest', { SIGNWRIGHT_CLI_SHA256: '' }, /SIGNWRIGHT_CLI_SHA256 is not set/],
    ['a digest that is too short', { SIGNWRIGHT_CLI_SHA256: 'ab12' }, /is not a SHA-256/],
    ['a digest in capitals', { SIGNWRIGHT_CLI_SHA256: STAND_IN_DIGEST.toUpperCase() }, /is not a SHA-256/],
    ['a digest with a line after it', { SIGNWRIGHT_CLI_SHA256: `${STAND_IN_DIGEST}\n` }, /is not a SHA-256/],
    ['no file', { SIGNWRIGHT_CLI: '' }, /SIGNWRIGHT_CLI is not set/],
    [
      'a file that is not there',
      { SIGNWRIGHT_CLI: '/nowhere/signwright.cjs' },
      /\/nowhere\/signwright.cjs cannot be read: ENOENT/,
    ],
    ['a directory', { SIGNWRIGHT_CLI: '/usr' }, /\/usr is no file/],
    ['a device that never ends', { SIGNWRIGHT_CLI: '/dev/zero' }, /\/dev\/zero is no file/],
    ['http', { SIGNWRIGHT_CLI: 'http://127.0.0.1/signwright.cjs' }, /no https URL/],
    ['a URL with a user', { SIGNWRIGHT_CLI: 'https://user@127.0.0.1/signwright.cjs' }, /no https URL without a user/],
    ['a URL with a password', { SIGNWRIGHT_CLI: 'https://:hunter2@127.0.0.1/x' }, /no https URL without a user/],
    ['no URL', { SIGNWRIGHT_CLI: 'https://' }, /no https URL/],
    ['another scheme', { SIGNWRIGHT_CLI: 'file:///etc/passwd' }, /no https URL/],
  ])('%s: exit 2 and what to do', async (_, more, message) => {
    const { status, stdout, stderr } = await launch({ env: { ...place().env, ...more } });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n {2}→ .+\n$/);
    expect(stderr).not.toContain('hunter2');
  });

  it('a name that would be a log command is none when it is told', async () => {
    const env = { ...place().env, SIGNWRIGHT_CLI: '/no/##vso[task.complete result=Succeeded]\r\u001b[0K::error::x' };
    const { status, stderr } = await launch({ env });
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/##|::|\r|\u001b/);
  });
});

describe('a download', () => {
  it('that nobody answers: exit 3, to be tried again', async () => {
    const { status, stderr } = await launch({
      env: { ...place().env, SIGNWRIGHT_CLI: `https://127.0.0.1:${await freePort()}/signwright.cjs` },
    });
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: expect.stringMatching(/cannot be reached: ECONNREFUSED\n {2}→ try again/),
    });
  });

  it('from a server that nobody vouches for: exit 3, and why', async () => {
    const { url } = await serving();
    const { status, stdout, stderr } = await launch({ env: { ...place().env, SIGNWRIGHT_CLI: url } });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/cannot be reached: (UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/);
  });

  it.each([
    [404, 2],
    [401, 2],
    [429, 3],
    [503, 3],
  ])('answered with %i: exit %i', async (answered, status) => {
    const server = await startReleaseServer((_, response) => response.writeHead(answered).end('x'.repeat(1e6)));
    const ran = await launch({ env: { ...place().env, ...server.env, SIGNWRIGHT_CLI: `${server.url}/s.cjs?token=hunter2` } });
    expect(ran).toMatchObject({
      status,
      stdout: '',
      stderr: expect.stringContaining(`${server.url}/s.cjs answered ${answered}`),
    });
    expect(ran.stderr).not.toContain('hunter2');
  });

  it('of another content runs nothing, and is not kept', async () => {
    const { env, cache } = place();
    const server = await serving('console.log("other")');
    const ran = await launch({ env: { ...env, ...server.env, SIGNWRIGHT_CLI: `${server.url}/s.cjs?token=hunter2` } });
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).not.toContain('hunter2');
    expect(existsSync(cache)).toBe(false);
  });

  it('that never ends is broken off where it is too large', async () => {
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const server = await startReleaseServer((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    const ran = await launch({ env: { ...place().env, ...server.env, SIGNWRIGHT_CLI: server.url } });
    expect(ran).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(`is larger than ${MAX_BYTES} bytes`) });
  });

  it('with its answer left open does not hold up what follows', async () => {
    const server = await startReleaseServer((path, response) => {
      if (path === '/moved') response.end(STAND_IN);
      else response.writeHead(302, { location: '/moved' }).write('and more, which never comes');
    });
    const ran = await launch({ env: { ...place().env, ...server.env, SIGNWRIGHT_CLI: server.url } });
    expect(ran).toMatchObject({ status: 4 });
  }, 20_000);

  it("of GitLab's own packages is asked for with the job's token, and where it is moved to without", async () => {
    const storage = await serving();
    const gitlab = await startReleaseServer((_, response) =>
      response.writeHead(302, { location: `${storage.url}/signed` }).end(),
    );
    const ca = write(
      join(folder(), 'both.pem'),
      [gitlab, storage].map(({ env }) => readFileSync(env['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8')).join(''),
    );
    const env = { ...place().env, NODE_EXTRA_CA_CERTS: ca, CI_API_V4_URL: `${gitlab.url}/api/v4`, CI_JOB_TOKEN: 'hunter2' };
    const from = `${gitlab.url}/api/v4/projects/1/packages/generic/signwright/0.1.0/signwright.cjs`;
    expect(await launch({ env: { ...env, SIGNWRIGHT_CLI: from } })).toMatchObject({ status: 4 });
    expect(gitlab.asked[0]?.headers['job-token']).toBe('hunter2');
    expect(storage.asked).toHaveLength(1);
    expect(storage.asked[0]?.headers).not.toHaveProperty('job-token');
  });

  it("of another server, or of a path that only looks like GitLab's, is asked for without the token", async () => {
    const server = await serving();
    const env = { ...place().env, ...server.env, CI_API_V4_URL: `${server.url}/api/v4`, CI_JOB_TOKEN: 'hunter2' };
    expect(await launch({ env: { ...env, SIGNWRIGHT_CLI: `${server.url}/api/v4x/s.cjs` } })).toMatchObject({ status: 4 });
    expect(server.asked[0]?.headers).not.toHaveProperty('job-token');
  });

  it('moved a second time, or to http, is not followed', async () => {
    const server = await startReleaseServer((path, response) => {
      response.writeHead(302, { location: path === '/plain' ? 'http://127.0.0.1:1/' : '/again' }).end();
    });
    const env = { ...place().env, ...server.env };
    expect(await launch({ env: { ...env, SIGNWRIGHT_CLI: `${server.url}/first` } })).toMatchObject({ status: 3, stdout: '' });
    expect(server.asked.map(({ path }) => path)).toEqual(['/first', '/again']);
    expect(await launch({ env: { ...env, SIGNWRIGHT_CLI: `${server.url}/plain` } })).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('what the launcher kept', () => {
  it('is not run once it was changed: it is read again, and mended', async () => {
    const { env, cache } = place();
    expect(await launch({ env })).toMatchObject({ status: 4 });
    writeFileSync(keptIn(cache), 'console.log("changed")');
    const ran = await launch({ env });
    expect(told(ran).args).toEqual([]);
    expect(readFileSync(keptIn(cache), 'utf8')).toBe(STAND_IN);
  });

  it('is enough where the file is gone', async () => {
    const { env } = place();
    expect(await launch({ env })).toMatchObject({ status: 4 });
    expect(await launch({ env: { ...env, SIGNWRIGHT_CLI: '/nowhere' } })).toMatchObject({ status: 4 });
  });

  it('is whole when two begin at once', async () => {
    const { env, cache } = place();
    const all = await Promise.all([1, 2, 3, 4].map(() => launch({ env })));
    expect(all.map(({ status }) => status)).toEqual([4, 4, 4, 4]);
    expect(readdirSync(join(cache, 'cli'))).toEqual([`${STAND_IN_DIGEST}.cjs`]);
  });

  it('is nothing where the cache is no directory: it runs all the same', async () => {
    const { env } = place();
    const file = write(join(folder(), 'file'), '');
    expect(await launch({ env: { ...env, SIGNWRIGHT_CACHE: file } })).toMatchObject({ status: 4, stderr: '' });
    expect(await launch({ env: { ...env, SIGNWRIGHT_CACHE: join(file, 'below') } })).toMatchObject({ status: 4, stderr: '' });
  });

  it.skipIf(whyNotUnprivileged())('is nothing where its directory cannot be written, or the user has no home', async () => {
    const { env, cache, file } = place();
    for (const open of [join(cache, '..'), join(file, '..')]) chmodSync(open, 0o755);
    mkdirSync(cache, { mode: 0o755 });
    expect(await launch({ env, nobody: true })).toMatchObject({ status: 4, stderr: '' });
    expect(readdirSync(cache)).toEqual([]);
    const { SIGNWRIGHT_CACHE: _, ...without } = env;
    expect(await launch({ env: without, nobody: true })).toMatchObject({ status: 4, stderr: '' });
  });

  it('lies in the directory for caches of the user', async () => {
    const { env } = place();
    const { SIGNWRIGHT_CACHE: _, ...without } = env;
    const home = folder();
    expect(told(await launch({ env: { ...without, HOME: home } })).file).toBe(keptIn(join(home, '.cache', 'signwright')));
    const elsewhere = { ...without, HOME: home, XDG_CACHE_HOME: join(home, 'xdg') };
    expect(told(await launch({ env: elsewhere })).file).toBe(keptIn(join(home, 'xdg', 'signwright')));
  });
});

it('has no text that a template of GitLab would take for an input', () => {
  expect(readFileSync(LAUNCHER, 'utf8')).not.toMatch(/\$\[\[|[^\x20-\x7e\n→…]/);
});

it('nothing is asked for where the digest is malformed', async () => {
  const server = await startReleaseServer(never);
  const env = { ...place().env, ...server.env, SIGNWRIGHT_CLI: server.url, SIGNWRIGHT_CLI_SHA256: 'x' };
  expect(await launch({ env })).toMatchObject({ status: 2 });
  expect(server.asked).toEqual([]);
});
