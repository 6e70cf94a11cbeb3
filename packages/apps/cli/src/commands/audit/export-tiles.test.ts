import { renameSync, rmSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** A project with a log. */
async function project(): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  made.push(here);
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const tiers = `  recorded: { extends: internal, audit: required }\naudit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`;
  here.write('signwright.yaml', trialPolicy('  - { match: "dist/**", tier: recorded }', tiers));
  return here;
}

async function sign(here: Workspace, content: string): Promise<void> {
  here.write('dist/a.bin', content);
  expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
}

const EXPORT = ['audit', 'export-tiles', 'public'];

describe.concurrent('audit export-tiles', () => {
  test('adds what the log has got since, and leaves what others may be reading', async () => {
    const here = await project();
    await sign(here, 'one');
    expect(await here.run(EXPORT)).toMatchObject({
      status: 0,
      stdout: 'exported 2 records of log.example/test, 2 of them new, to public\n',
    });
    expect(here.files('public').sort()).toEqual(['checkpoint', 'tile/0/000.p/2', 'tile/entries/000.p/2']);
    await sign(here, 'two');
    expect(await here.run(EXPORT)).toMatchObject({
      stdout: 'exported 4 records of log.example/test, 2 of them new, to public\n',
    });
    expect(here.files('public')).toEqual(expect.arrayContaining(['tile/0/000.p/2', 'tile/0/000.p/4']));
    expect(here.read('public/checkpoint')).toMatch(/^log\.example\/test\n4\n/);
  });

  test('goes on where it was stopped before its checkpoint was written', async () => {
    const here = await project();
    await sign(here, 'one');
    await here.run(EXPORT);
    rmSync(here.path('public/checkpoint'));
    rmSync(here.path('public/tile/0/000.p/2'));
    expect(await here.run(EXPORT)).toMatchObject({ status: 0 });
    expect(here.files('public')).toHaveLength(3);
  });

  test('puts nothing over files that are not of this log', async () => {
    const here = await project();
    await sign(here, 'one');
    here.write('public/tile/entries/000.p/2', "another's");
    expect(await here.run(EXPORT)).toMatchObject({ status: 2, stderr: /has other bytes than the log/ });
    expect(here.read('public/tile/entries/000.p/2')).toBe("another's");
    expect(here.has('public/checkpoint')).toBe(false);
  });

  test('refuses a log that was rolled back or rewritten since', async () => {
    const here = await project();
    await sign(here, 'one');
    await sign(here, 'two');
    await here.run(EXPORT);
    renameSync(here.path('log'), here.path('before'));
    await sign(here, 'three');
    expect(await here.run(EXPORT)).toMatchObject({ status: 1, stderr: /had 4 records .* has 2 now: it was rolled back/ });
    await sign(here, 'four');
    expect(await here.run(EXPORT)).toMatchObject({ status: 1, stderr: /first 4 records .* others than were exported/ });
  });

  test('says so where nothing is in order yet', async () => {
    const here = await project();
    expect(await here.run(EXPORT)).toMatchObject({ status: 3, stderr: /there is no log at / });
  });
});
