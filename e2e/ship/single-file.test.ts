import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Workspace } from '@signwright/testkit';
import { describe, expect, it } from 'vitest';
import { nodes } from '../nodes.ts';
import { BY_CERTIFICATE, createTrial } from '../scenario.ts';
import { digestOf, folder, type Launched, launch, write } from './launching.ts';

const SINGLE_FILE = fileURLToPath(new URL('../../packages/apps/cli/bundle/signwright.cjs', import.meta.url));

/** The single file, alone in a folder, run by the launcher as adapters run it. */
function through(
  program: string,
  at: Workspace,
  more: Readonly<Record<string, string>> = {},
): (...args: string[]) => Promise<Launched> {
  const alone = folder();
  cpSync(SINGLE_FILE, join(alone, 'signwright.cjs'));
  const env = {
    HOME: alone,
    SIGNWRIGHT_CACHE: join(alone, 'cache'),
    SIGNWRIGHT_CLI: join(alone, 'signwright.cjs'),
    SIGNWRIGHT_CLI_SHA256: digestOf(readFileSync(SINGLE_FILE)),
    ...more,
  };
  return (...args) => launch({ program, args, cwd: at.directory, env });
}

describe.each(nodes())('the single file through the launcher on %s', (title, program) => {
  it('tells its version, plans, signs, verifies and denies', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const run = through(program, at);
    expect(await run('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
    expect(await run('plan')).toMatchObject({ status: 0, stdout: /dist\/app\.tgz/ });
    expect(await run('sign')).toMatchObject({ status: 0, stdout: /✓ signed {2}dist\/app\.tgz/ });
    expect(await run('verify')).toMatchObject({ status: 0, stdout: /1 artifact: 1 allow/ });
    at.write('dist/app.tgz', 'changed\n');
    expect(await run('verify')).toMatchObject({ status: 1 });
    expect(await run('nonsense')).toMatchObject({ status: 2, stderr: /unknown command/ });
  });

  it('keeps a log, and searches it where this Node has SQLite; else it says what it needs', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const run = through(program, at);
    const { stdout } = await run('audit', 'init', '--name', 'log.example/single', '--key', 'keys/log.pem');
    const key = /verifier-keys: \["(.+)"\]/.exec(stdout)?.[1];
    const policy = at.read('signwright.yaml').replace('signatures: [build]', 'signatures: [build], audit: required');
    at.write('signwright.yaml', `${policy}audit: { log: log, persistent: true, key: keys/log.pem, verifier-keys: ["${key}"] }\n`);
    expect(await run('sign', '--no-sidecars')).toMatchObject({ status: 0 });
    expect(await run('verify')).toMatchObject({ status: 0 });
    const searched = await run('audit', 'search');
    if (title === 'Node 20')
      expect(searched).toMatchObject({ status: 2, stderr: /an index needs SQLite, which Node 20\S+ does not have/ });
    else expect(searched).toMatchObject({ status: 0 });
  });

  it('loads every part of it that it holds, and none from beside it', async () => {
    const source = readFileSync(SINGLE_FILE, 'utf8');
    const parts = Object.keys(JSON.parse(/^const PARTS = (.*);$/m.exec(source)?.[1] ?? '{}'));
    expect(parts.length).toBeGreaterThan(5);
    const at = await createTrial(BY_CERTIFICATE);
    const loading = source.replace(
      / {2}program\.exports\.run\(process\.argv\);/,
      () => `for (const name of Object.keys(PARTS)) console.log(name, typeof asked(name));`,
    );
    const file = write(at.path('loading.cjs'), loading);
    const env = {
      HOME: at.directory,
      SIGNWRIGHT_CACHE: at.path('cache'),
      SIGNWRIGHT_CLI: file,
      SIGNWRIGHT_CLI_SHA256: digestOf(loading),
    };
    expect(await launch({ program, cwd: at.directory, env })).toMatchObject({
      status: 0,
      stdout: parts.map((name) => `${name} object\n`).join(''),
    });
  });

  it('takes pkcs11js from NODE_PATH, never from the job', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const asked = ['signer', 'public-key', `pkcs11:token=t;object=o?module-path=${write(join(folder(), 'token.so'), '')}`];
    const writing = (name: string): string => `require('node:fs').writeFileSync(${JSON.stringify(at.path(name))}, '')`;
    write(at.path('node_modules/pkcs11js/index.js'), writing('loaded-from-job'));
    const missing = /need the optional package pkcs11js, which is not installed/;
    expect(await through(program, at)(...asked)).toMatchObject({ status: 2, stderr: missing });
    write(at.path('.node_modules/pkcs11js/index.js'), writing('loaded-from-job'));
    for (const NODE_PATH of ['node_modules', at.path('node_modules'), '.']) {
      const env = { NODE_PATH, HOME: at.directory };
      expect(await through(program, at, env)(...asked), NODE_PATH).toMatchObject({ status: 2, stderr: missing });
    }
    const installed = folder();
    write(join(installed, 'pkcs11js', 'index.js'), writing('loaded'));
    await through(program, at, { NODE_PATH: installed })(...asked);
    expect([at.has('loaded-from-job'), at.has('loaded')]).toEqual([false, true]);
  });
});
