import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { node20 } from './nodes.ts';
import { BY_CERTIFICATE, createTrial, runPeer } from './scenario.ts';

const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));

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

    it('reads the log whole for what was rejected, as it has no SQLite for an index', async () => {
      const at = await createTrial(BY_CERTIFICATE);
      const cache = { XDG_CACHE_HOME: at.path('cache') };
      const run = (...args: string[]): ReturnType<typeof runPeer> => runPeer(at, node as string, [COMMAND, ...args], cache);
      const { stdout } = await run('audit', 'init', '--name', 'log.example/older', '--key', 'keys/log.pem');
      const key = /verifier-keys: \["(.+)"\]/.exec(stdout)?.[1];
      const person = '{ ssh: [{ key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl" }] }';
      const policy = at
        .read('signwright.yaml')
        .replace('signatures: [build]', 'signatures: [build], audit: required, approvals: [lead]');
      const audit = `audit: { log: log, persistent: true, key: keys/log.pem, verifier-keys: ["${key}"] }\n`;
      at.write('signwright.yaml', `${policy}people: { ann: ${person} }\nroles: { lead: [ann] }\n${audit}`);
      expect(await run('sign', '--no-sidecars')).toMatchObject({ status: 0 });
      expect(await run('verify')).toMatchObject({ status: 4, stdout: /0 of 1 of the role lead approved/ });
      expect(at.files('cache').filter((name) => name.endsWith('.sqlite'))).toEqual([]);
      expect(await run('audit', 'search')).toMatchObject({ status: 2, stderr: /an index needs SQLite/ });
    });
  },
);
