import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, truncateSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(count: number): Promise<Workspace> {
  const files = Object.fromEntries(Array.from({ length: count }, (_, at) => [`dist/${at}.bin`, `file ${at}`]));
  const workspace = await createWorkspace({ policy: trialPolicy('  - { match: "dist/**", tier: internal }'), files });
  made.push(workspace);
  return workspace;
}

describe('several runs on one evidence store', () => {
  test('sign at once: all succeed, and what each signed is found', async () => {
    const here = await project(40);
    const halves = [0, 1, 2].map((third) => Array.from({ length: 20 }, (_, at) => `dist/${at + third * 10}.bin`));
    const runs = await Promise.all(halves.map((files) => here.run(['sign', ...files])));
    for (const { status, stderr } of runs) expect(status, stderr).toBe(0);
    expect(here.evidence().size).toBeGreaterThan(1);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(here.files('dist').filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe.concurrent('Ctrl-C', () => {
  const interrupted = async (here: Workspace, when: (child: ChildProcess) => Promise<unknown>): Promise<void> => {
    const { process: child, finished } = here.start(['sign']);
    await when(child);
    child.kill('SIGINT');
    const { status, signal, stderr } = await finished;
    expect([status, signal], stderr).toEqual([130, null]);
    expect(stderr).toContain('stopp');
    expect(here.files('dist').filter((name) => name.includes('tmp'))).toEqual([]);
  };
  const completes = async (here: Workspace): Promise<void> => {
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(here.files('dist').filter((name) => name.endsWith('.bin'))).toHaveLength(here.files('dist').length / 2);
  };
  const huge = (here: Workspace): void => {
    here.write('dist/huge.bin', '');
    truncateSync(here.path('dist/huge.bin'), 16 * 1024 ** 3);
  };

  test('while a file is hashed: exit 130, nothing written, and a later run completes', async () => {
    const here = await project(20);
    huge(here);
    await interrupted(here, () => wait(1000));
    expect(here.has('.signwright/evidence')).toBe(false);
    rmSync(here.path('dist/huge.bin'));
    await completes(here);
  });

  test('while the files beside are written: exit 130, none of them half, and a later run completes', async () => {
    const here = await project(1200);
    await interrupted(here, (child) => once(child.stderr as Readable, 'data'));
    expect(here.evidence().size).toBe(1);
    for (const name of here.files('dist').filter((file) => file.endsWith('.json'))) JSON.parse(here.read(`dist/${name}`));
    expect(here.files('dist').length).toBeLessThan(2400);
    await completes(here);
  });

  test('twice stops at once', async () => {
    const here = await project(20);
    huge(here);
    await interrupted(here, async (child) => {
      await wait(1000);
      child.kill('SIGINT');
    });
  });
});
