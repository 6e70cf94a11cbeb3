import { sha256 } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { readDependency, readLockfile } from './read-lockfile.ts';

const SHA512 = Buffer.alloc(64, 7);
const lock = (packages: object): Buffer => Buffer.from(JSON.stringify({ lockfileVersion: 3, packages }));

describe('a lockfile of npm', () => {
  test('lists itself first, then each package by package URL and strongest digest, once', () => {
    const entry = {
      version: '1.2.3',
      integrity: `sha1-${Buffer.alloc(20, 1).toString('base64')} sha512-${SHA512.toString('base64')}`,
    };
    const bytes = lock({ '': { name: 'app' }, 'node_modules/@acme/a': entry, 'node_modules/b/node_modules/@acme/a': entry });
    expect(readLockfile(bytes, 'web/package-lock.json')).toEqual({
      dependencies: [
        { uri: 'web/package-lock.json', digest: { sha256: sha256(bytes).slice(7) } },
        { uri: 'pkg:npm/%40acme/a@1.2.3', digest: { sha512: SHA512.toString('hex') } },
      ],
      without: 0,
    });
  });

  test('names what is fetched with git by its commit, and no password of the address', () => {
    const commit = 'c0'.repeat(20);
    const bytes = lock({
      'node_modules/c': { version: '1.0.0', resolved: `git+https://ann:secret@git.example/c.git#${commit}` },
    });
    expect(readLockfile(bytes, 'package-lock.json').dependencies[1]).toEqual({
      uri: 'git+https://git.example/c.git',
      digest: { gitCommit: commit },
    });
  });

  test('counts what has no digest, and leaves out links of the workspace', () => {
    const bytes = lock({ 'node_modules/d': { version: '1.0.0' }, 'node_modules/e': { link: true, resolved: 'packages/e' } });
    expect(readLockfile(bytes, 'package-lock.json')).toMatchObject({ dependencies: [{ uri: 'package-lock.json' }], without: 1 });
  });

  test('of the first version, and one that is no JSON, is refused', () => {
    for (const text of ['{"lockfileVersion":1,"dependencies":{}}', '{', '{"packages":{},"packages":{}}'])
      expect(() => readLockfile(Buffer.from(text), 'package-lock.json')).toThrow(
        expect.objectContaining({ code: 'invalid-input' }),
      );
  });
});

test('any other lockfile is listed by its own digest', () => {
  const bytes = Buffer.from('left-pad==1.3.0\n');
  expect(readLockfile(bytes, 'requirements.txt')).toEqual({
    dependencies: [{ uri: 'requirements.txt', digest: { sha256: sha256(bytes).slice(7) } }],
    without: 0,
  });
});

test('a dependency is named by its digest, whatever is in its name', () => {
  const digest = sha256('x');
  expect(readDependency(`registry.example/@a/b@${digest}`)).toEqual({
    uri: 'registry.example/@a/b',
    digest: { sha256: digest.slice(7) },
  });
  for (const text of ['b', 'b@latest', `@${digest}`, `b@${digest.toUpperCase()}`, `b@${digest.slice(0, -1)}`])
    expect(() => readDependency(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});
