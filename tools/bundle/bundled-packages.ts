import type { Metafile } from 'esbuild';

/** The folder of a package in a path, as `node_modules/@scope/name` or one of those that lie within another. */
const FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/**
 * The folders of the npm packages that something of was put into a bundle, from the workspace's root, sorted: what esbuild read and then
 * left out is none of it, nor are the packages of the workspace.
 */
export function bundledPackages(metafiles: readonly Pick<Metafile, 'outputs'>[]): string[] {
  const used = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => FOLDER.exec(path)?.[0]);
  return [...new Set(used)].filter((folder) => folder !== undefined).sort();
}
