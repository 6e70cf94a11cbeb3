import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** An npm package that something of is in the bundle. */
export type Bundled = {
  readonly name: string;
  readonly version: string;
  /** An SPDX id. */
  readonly license: string;
  /** Where it is installed; several where a version is installed more than once. */
  readonly folders: readonly string[];
};

/**
 * What the bundle holds of npm, by name and version, as the build wrote it down.
 *
 * @throws Error where a package does not say its name, version or licence.
 */
export function bundled(): Bundled[] {
  const folders = JSON.parse(readFileSync(join(root, 'packages/apps/cli/bundle/packages.json'), 'utf8')) as string[];
  const found = new Map<string, Bundled>();
  for (const folder of folders.map((path) => join(root, path))) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<Bundled>;
    if (!name || !version || typeof license !== 'string')
      throw new Error(`${folder}/package.json lacks name, version or licence`);
    const id = `${name}@${version}`;
    found.set(id, { name, version, license, folders: [...(found.get(id)?.folders ?? []), folder] });
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}
