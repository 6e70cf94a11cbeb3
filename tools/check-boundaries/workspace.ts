import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type FileFacts, readImports } from './imports.ts';

const ROOMS = ['core', 'transport', 'signers', 'platforms', 'services', 'apps', 'adapters', 'testkit'] as const;
export type Room = (typeof ROOMS)[number];

/** A source file, its path from the workspace's root, with `/`. */
export type SourceFile = FileFacts & { readonly path: string; readonly test: boolean };

/** A package as it says it is (manifest, tsconfig) and as it is (sources). Paths are from the workspace's root, with `/`. */
export type Package = {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly room: Room;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** Folders its tsconfig.json refers to; `undefined` where there is no tsconfig.json. */
  readonly references: readonly string[] | undefined;
  readonly files: readonly SourceFile[];
};

export type Workspace = {
  readonly packages: readonly Package[];
  /** Files of tools/ and e2e/. */
  readonly programs: readonly SourceFile[];
  readonly rootDependencies: Readonly<Record<string, string>>;
};

type Manifest = {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

const SOURCE = /\.[cm]?[jt]sx?$/;
/** Tests lie beside their source; what several of them share, in a folder `tests` of their package. */
const TEST = /\.test\.[cm]?[jt]sx?$|^packages\/.*\/tests\//;
const SKIPPED = new Set(['node_modules', 'dist', 'bundle', 'coverage', '.nx', 'vectors']);

/** Reads the whole workspace under `root`. */
export function readWorkspace(root: string): Workspace {
  const manifest = readJson<Manifest>(join(root, 'package.json'));
  return {
    packages: packageFolders(root).map((folder) => readPackage(root, folder)),
    programs: ['tools', 'e2e'].flatMap((folder) => sourcesIn(root, folder)),
    rootDependencies: { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies },
  };
}

/** `packages/ROOM/NAME`, and `packages/testkit`: wherever a package.json lies. */
function packageFolders(root: string): string[] {
  const folders = ROOMS.flatMap((room) => {
    const path = posix.join('packages', room);
    return [path, ...foldersIn(root, path).map((name) => posix.join(path, name))];
  });
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')));
}

function readPackage(root: string, folder: string): Package {
  const manifest = readJson<Manifest>(join(root, folder, 'package.json'));
  return {
    name: manifest.name ?? folder,
    version: manifest.version ?? '',
    folder,
    room: folder.split('/')[1] as Room,
    dependencies: { ...manifest.peerDependencies, ...manifest.optionalDependencies, ...manifest.dependencies },
    devDependencies: manifest.devDependencies ?? {},
    references: readReferences(root, folder),
    files: sourcesIn(root, folder),
  };
}

function readReferences(root: string, folder: string): string[] | undefined {
  const path = join(root, folder, 'tsconfig.json');
  if (!existsSync(path)) return undefined;
  const { references = [] } = readJson<{ references?: { path: string }[] }>(path);
  return references.map((reference) => posix.join(folder, reference.path).replace(/\/(tsconfig\.json)?$/, ''));
}

function sourcesIn(root: string, folder: string): SourceFile[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourcesIn(root, path);
      if (!SOURCE.test(entry.name)) return [];
      return [{ path, test: TEST.test(path), ...readImports(path, readFileSync(join(root, path), 'utf8')) }];
    });
}

function foldersIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

function readJson<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
