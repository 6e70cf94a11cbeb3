import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BY_CERTIFICATE, createTrial, runPeer } from './scenario.ts';

const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));

/** A Node 20 on this machine, outside of node_modules. */
function node20(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return candidates
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file) && execFileSync(file, ['--version'], { encoding: 'utf8' }).startsWith('v20.'));
}

const node = node20();

describe.skipIf(node === undefined)(
  `the built command on Node 20${node === undefined ? ' (skipped: there is none on PATH)' : ''}`,
  () => {
    it('signs, verifies and denies as on Node 24', async () => {
      const at = await createTrial(BY_CERTIFICATE);
      const run = (...args: string[]): ReturnType<typeof runPeer> => runPeer(at, node as string, [COMMAND, ...args]);
      expect(await run('sign')).toMatchObject({ status: 0 });
      expect(await run('verify')).toMatchObject({ status: 0 });
      at.write('dist/app.tgz', 'changed\n');
      expect(await run('verify')).toMatchObject({ status: 1 });
      expect(await run('doctor')).toMatchObject({ status: 0 });
    });
  },
);
