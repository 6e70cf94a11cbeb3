import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

test('every workspace stands in the lockfile as its package.json has it: npm ci refuses another', () => {
  const { packages } = readJson('package-lock.json');
  const { workspaces } = readJson('package.json') as { workspaces: string[] };
  const manifests = workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }));
  expect(manifests.length).toBeGreaterThan(20);
  for (const manifest of manifests) {
    const { name, dependencies, devDependencies } = readJson(manifest);
    const locked = packages[dirname(manifest)];
    expect([manifest, locked?.dependencies, locked?.devDependencies]).toEqual([manifest, dependencies, devDependencies]);
    expect(packages[`node_modules/${name}`]).toMatchObject({ link: true, resolved: dirname(manifest) });
  }
});
