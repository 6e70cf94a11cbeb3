import { expect, test } from 'vitest';
import { completeLockfile, type Lockfile } from './complete.ts';

const LOCK: Lockfile = {
  packages: {
    'node_modules/fmt': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: {
        '@fmt/cli-linux-x64': '2.0.0',
        '@fmt/cli-linux-x64-musl': '2.0.0',
        '@fmt/cli-linux-arm-gnueabihf': '2.0.0',
        '@fmt/cli-darwin-arm64': '2.0.0',
        'fmt-extras': '2.0.0',
        '@fmt/cli-win32-x64': '^2.0.0',
      },
    },
    'node_modules/@fmt/cli-linux-x64': { version: '2.0.0', os: ['linux'], cpu: ['x64'], optional: true },
  },
};

test('what other platforms need is added, with the platform its name says, and nothing else', () => {
  const { lockfile, added } = completeLockfile(LOCK);
  expect(added).toEqual(['@fmt/cli-linux-x64-musl', '@fmt/cli-linux-arm-gnueabihf', '@fmt/cli-darwin-arm64']);
  expect(lockfile.packages).toEqual({
    ...LOCK.packages,
    'node_modules/@fmt/cli-linux-x64-musl': {
      version: '2.0.0',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
    'node_modules/@fmt/cli-linux-arm-gnueabihf': {
      version: '2.0.0',
      cpu: ['arm'],
      dev: true,
      libc: ['glibc'],
      optional: true,
      os: ['linux'],
    },
    'node_modules/@fmt/cli-darwin-arm64': { version: '2.0.0', cpu: ['arm64'], dev: true, optional: true, os: ['darwin'] },
  });
});

test('a complete lockfile stays as it is', () => {
  const { lockfile } = completeLockfile(LOCK);
  expect(completeLockfile(lockfile)).toEqual({ lockfile, added: [] });
});
