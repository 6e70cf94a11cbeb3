import { readFileSync, truncateSync } from 'node:fs';
import { sha256 } from '@signwright/signing-core';
import { createWorkspace, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

let archive: Buffer;
beforeAll(async () => {
  const maker = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: recorded }', '  recorded: { extends: internal, audit: required }\n'),
    files: { 'dist/a.bin': 'a' },
  });
  made.push(maker);
  const init = await maker.run(['audit', 'init', '--name', 'log.example/changed', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`;
  maker.write('signwright.yaml', `${maker.read('signwright.yaml')}${audit}`);
  expect(await maker.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
  expect(await maker.run(['evidence', 'export', '--out', 'r.tar'])).toMatchObject({ status: 0 });
  archive = readFileSync(maker.path('r.tar'));
}, 60_000);

/** Another machine, with this archive. */
async function elsewhere(bytes?: Uint8Array): Promise<Workspace> {
  const there = await createWorkspace({ trial: false });
  made.push(there);
  if (bytes !== undefined) there.write('r.tar', bytes);
  return there;
}

const verify = (there: Workspace, ...args: string[]): Promise<Finished> => there.run(['evidence', 'verify', ...args]);

describe.concurrent('an archive that is not as it was made is refused, and says where', () => {
  const changed = async (change: (bytes: Buffer) => Buffer): Promise<Finished> =>
    verify(await elsewhere(change(archive)), 'r.tar');

  test.each([
    [
      'a byte of a signature',
      (bytes: Buffer) => flip(bytes, bytes.indexOf('dsseEnvelope') + 40),
      /evidence\/[0-9a-f]{2}\/[0-9a-f]{62} has other bytes/,
    ],
    [
      'a byte of a record',
      (bytes: Buffer) => flip(bytes, bytes.indexOf('c2sp.org/tlog-proof') + 40),
      /evidence\/[0-9a-f]{2}\/[0-9a-f]{62} has other bytes/,
    ],
    [
      "a byte of the manifest's",
      (bytes: Buffer) => flip(bytes, bytes.indexOf('"artifacts"') + 30),
      /manifest\.json is not what manifest\.sha256 says/,
    ],
    ['a byte of the index', (bytes: Buffer) => flip(bytes, bytes.length - 1024 - 600), /index/],
    ['a byte of its end', (bytes: Buffer) => flip(bytes, bytes.length - 1), /its end/],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -512), /it has \d+ bytes in place of/],
    ['with something after it', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(512)]), /it has \d+ bytes in place of/],
    ['a tar of somebody else', () => Buffer.alloc(10_240), /its first members are not manifest\.json/],
    ['nothing', () => Buffer.alloc(0), /it ends within the header of manifest\.json/],
  ])('%s', async (_what, change, says) => {
    const { status, stdout, stderr } = await changed(change);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(says);
    expect(stderr).toContain('nothing in it can be relied on');
  });

  test('a manifest that is consistent and absurd', async () => {
    const there = await elsewhere();
    there.write(
      'r.tar',
      withManifest(
        Buffer.from(
          '{"artifacts":[],"madeBy":"x","members":[{"path":"../../etc/passwd","sha256":"0","size":1e300}],"type":"https://signwright.dev/archive/v1"}',
        ),
      ),
    );
    expect(await verify(there, 'r.tar')).toMatchObject({ status: 1, stdout: '', stderr: /not as it was made: the manifest/ });
  });

  test('a header that claims exabytes, and a file of nine gigabytes, at once', async () => {
    const there = await elsewhere(archive);
    const bytes = archive;
    there.write('claims.tar', Buffer.concat([bytes.subarray(0, 124), Buffer.from('77777777777\0'), bytes.subarray(136)]));
    truncateSync(there.path('r.tar'), 9 * 1024 ** 3);
    const started = performance.now();
    expect(await verify(there, 'claims.tar')).toMatchObject({ status: 1, stderr: /its first members are not manifest\.json/ });
    expect(await verify(there, 'r.tar')).toMatchObject({ status: 1, stderr: /it has 9663676416 bytes, more than/ });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('one that is not there, or a directory, is a usage error', async () => {
    const there = await elsewhere();
    there.write('d/x', '');
    expect(await verify(there, 'none.tar')).toMatchObject({ status: 2, stderr: /none\.tar cannot be opened/ });
    expect(await verify(there, 'd')).toMatchObject({ status: 2, stderr: /d is not a file/ });
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
  return changed;
}

/** A tar with this manifest, its right checksum, and nothing else. */
function withManifest(manifest: Buffer): Buffer {
  const checksum = Buffer.from(`${sha256(manifest).slice(7)}  manifest.json\n`);
  return Buffer.concat([member('manifest.json', manifest), member('manifest.sha256', checksum), Buffer.alloc(1024)]);
}

function member(path: string, bytes: Buffer): Buffer {
  const header = Buffer.from(archive.subarray(0, 512));
  header.fill(0, 0, 100).write(path, 0, 'latin1');
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
