import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Transactions } from '@signwright/signing-core';
import { createGitStore, parseGitReference } from '@signwright/storage';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeRepository } from './git-server.ts';
import { describePeer, peer } from './peers.ts';
import { freePort } from './scenario.ts';

const SERVERS = [
  ['that speaks the newer protocol', 'AcceptEnv GIT_PROTOCOL'],
  ['that speaks the old protocol alone', 'X11Forwarding no'],
] as const;

describePeer('sshd', 'over ssh', () => {
  describe.each(SERVERS)('with a deploy key, to a server %s', (_, setting) => overSsh(setting));
});

function overSsh(setting: string): void {
  let place: string;
  let port: number;
  let server: ChildProcess;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'signwright-git-ssh-'));
    vi.stubEnv('TMPDIR', place);
    port = await freePort();
    for (const name of ['host', 'deploy', 'other']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(place, name)]);
    }
    writeFileSync(join(place, 'authorized_keys'), readFileSync(join(place, 'deploy.pub')));
    writeFileSync(join(place, 'known_hosts'), `[127.0.0.1]:${port} ${readFileSync(join(place, 'host.pub'), 'utf8')}`);
    writeFileSync(join(place, 'unknown_hosts'), `[127.0.0.1]:${port} ${readFileSync(join(place, 'other.pub'), 'utf8')}`);
    makeRepository(join(place, 'server.git'));
    const settings = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${place}/host`,
      `AuthorizedKeysFile ${place}/authorized_keys`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      `PidFile ${place}/pid`,
      setting,
    ];
    // As root it wants a directory that the system's start would have made.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    writeFileSync(join(place, 'sshd_config'), `${settings.join('\n')}\n`);
    server = spawn(peer('sshd'), ['-D', '-e', '-f', join(place, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      server.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Server listening')) resolve();
      });
      server.on('exit', () => reject(new Error(`sshd ended: ${said}`)));
    });
  });
  afterAll(() => {
    server.kill();
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true });
  });

  const open = (key = 'deploy', hosts = 'known_hosts'): BlobStore & Transactions => {
    const options = [
      '-F',
      'none',
      '-i',
      join(place, key),
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      `UserKnownHostsFile=${join(place, hosts)}`,
    ];
    const user = userInfo().username;
    return createGitStore({
      ...parseGitReference(`git+ssh://${user}@127.0.0.1:${port}${place}/server.git#log`),
      environment: { PATH: process.env['PATH'], HOME: place, GIT_SSH_COMMAND: ['ssh', ...options].join(' ') },
    });
  };

  test('what one process writes another reads', async () => {
    const [one, other] = [open(), open()];
    const version = await one.compareAndSwap('head', undefined, Buffer.from('1'));
    expect(await other.compareAndSwap('head', version, Buffer.from('2'))).toBeDefined();
    expect(Buffer.from((await one.get('head'))!.bytes).toString()).toBe('2');
    expect(await one.compareAndSwap('head', version, Buffer.from('3'))).toBeUndefined();
  });

  test('what was written long ago is read, by the store and by a later one', async () => {
    const store = open();
    for (let i = 0; i < 3; i++) await store.putIfAbsent(`once/${i}`, Buffer.from(`${i}`));
    const later = open();
    await later.compareAndSwap('first', undefined, Buffer.from('x'));
    for (let i = 0; i < 3; i++) expect(Buffer.from((await later.get(`once/${i}`))!.bytes).toString()).toBe(`${i}`);
    await store.putIfAbsent('once/3', Buffer.from('3'));
    expect(Buffer.from((await later.get('once/3'))!.bytes).toString()).toBe('3');
  });

  test('a key that is not let in is named', async () => {
    await expect(open('other').get('a')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/does not accept the credentials/) as string,
    });
  });

  test('a host key that is not the known one, or none, is refused', async () => {
    for (const hosts of ['unknown_hosts', 'no_hosts']) {
      await expect(open('deploy', hosts).get('a')).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringMatching(/host key/) as string,
      });
    }
  });
}
