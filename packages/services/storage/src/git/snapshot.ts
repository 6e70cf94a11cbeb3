import type { Version } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import type { GitObject, ReadObject } from './read-objects.ts';
import { readTree, type Tree, type TreeEntry } from './tree.ts';

/** A key as a commit has it. `swapped`: it may have other bytes in a later commit. */
export type Found = { readonly id: string; readonly version: Version; readonly swapped: boolean };
/** The store as one commit has it. */
export type Snapshot = {
  find(key: string): Promise<Found | undefined>;
  /** The bytes of a key that was found. */
  read(key: string, found: Found): Promise<Uint8Array>;
  /** Throws `unreachable` where a file stands in the way of the key's directories, or a directory in its own place. */
  checkPlace(key: string): Promise<void>;
};
/** Snapshots of one repository, which share what was read. `undefined`: of the branch that is not there yet. */
export type Snapshots = (commit: string | undefined) => Snapshot;
/** Gets blobs from the server. */
export type FetchObjects = (ids: readonly string[]) => Promise<void>;

/**
 * Beside a key that is swapped is a file that names its last write, so that bytes which come back make no old version current
 * again. No key has an `@`.
 */
export function markOf(key: string): string {
  return `${key}@`;
}

/** The version of a key whose bytes are the blob `id`, and whose mark is the blob `mark`. */
export function versionOf(id: string, mark: string | undefined): Version {
  return mark === undefined ? id : `${id}.${mark}`;
}

const MAX_TREES = 64 * 1024 * 1024;
const MAX_AHEAD = 64;

/** @param where names the branch in messages. */
export function createSnapshots(readObject: ReadObject, fetchObjects: FetchObjects, where: string): Snapshots {
  const trees = new Map<string, Tree>();
  let kept = 0;
  let ahead = 0;
  let expected: string | undefined;

  async function treeOf(id: string): Promise<Tree> {
    const known = trees.get(id);
    if (known !== undefined) return known;
    const object = await readObject(id);
    if (object?.type !== 'tree') throw damaged(`the directory ${id} is not there`, where);
    return keep(id, parse(object));
  }

  function parse(object: GitObject): Tree {
    try {
      return readTree(object.bytes);
    } catch (cause) {
      throw damaged(`the directory ${object.id} is not what git writes`, where, cause);
    }
  }

  function keep(id: string, tree: Tree): Tree {
    if (!trees.has(id)) kept += tree.size;
    trees.set(id, tree);
    for (const [oldest, { size }] of trees) {
      if (kept <= MAX_TREES || trees.size === 1) break;
      trees.delete(oldest);
      kept -= size;
    }
    return tree;
  }

  /** The bytes of a blob, fetched where this machine has none; readers that go through a directory in order get the next ones with it. */
  async function bytesOf(id: string, following: (count: number) => Promise<string[]>): Promise<Uint8Array> {
    const local = await readObject(id);
    if (local !== undefined) return blobOf(local);
    ahead = id === expected ? Math.min(Math.max(1, ahead * 2), MAX_AHEAD) : 0;
    const next = await following(ahead + 1);
    expected = next[ahead];
    await fetchObjects([id, ...next.slice(0, ahead)]);
    const fetched = await readObject(id);
    if (fetched === undefined) throw damaged(`the server has no blob ${id}`, where);
    return blobOf(fetched);
  }

  function blobOf(object: GitObject): Uint8Array {
    if (object.type !== 'blob') throw damaged(`${object.id} is no blob`, where);
    return object.bytes;
  }

  return (commit) => {
    let root: Promise<Tree> | undefined;

    /** The top directory; asked for again where asking failed. */
    async function top(): Promise<Tree | undefined> {
      if (commit === undefined) return undefined;
      root ??= rootOf(commit);
      return root.catch((error: unknown) => {
        root = undefined;
        throw error;
      });
    }

    async function rootOf(id: string): Promise<Tree> {
      const object = await readObject(`${id}^{tree}`);
      if (object?.type !== 'tree') throw damaged(`the commit ${id} is not there`, where);
      return trees.get(object.id) ?? keep(object.id, parse(object));
    }

    /** Each part of the path with its entry, as far as there are any, and the directory of the last. */
    async function walk(path: string): Promise<{ entries: TreeEntry[]; tree: Tree | undefined; parts: string[] }> {
      const parts = path.split('/');
      const entries: TreeEntry[] = [];
      let tree = await top();
      for (const [i, part] of parts.entries()) {
        const entry: TreeEntry | undefined = tree?.entry(part);
        if (entry === undefined) break;
        entries.push(entry);
        if (i < parts.length - 1) tree = entry.kind === 'directory' ? await treeOf(entry.id) : undefined;
      }
      return { entries, tree, parts };
    }

    async function find(key: string): Promise<Found | undefined> {
      const { entries, tree, parts } = await walk(key);
      const entry = entries.length === parts.length ? entries.at(-1) : undefined;
      if (entry === undefined) return undefined;
      if (entry.kind !== 'file') throw inTheWay(key, where);
      const mark = tree?.entry(markOf(parts.at(-1) as string));
      return { id: entry.id, version: versionOf(entry.id, mark?.id), swapped: mark !== undefined };
    }

    return {
      find,
      async read(key: string, { id }: Found): Promise<Uint8Array> {
        return bytesOf(id, async (count) => {
          const { tree, parts } = await walk(key);
          return tree?.following(parts.at(-1) as string, count) ?? [];
        });
      },
      async checkPlace(key: string): Promise<void> {
        const { entries, parts } = await walk(key);
        const taken = entries.findIndex(({ kind }, i) => kind !== (i === parts.length - 1 ? 'file' : 'directory'));
        if (taken >= 0) throw inTheWay(parts.slice(0, taken + 1).join('/'), where);
      },
    };
  };
}

/** Something stands where another thing must be. */
export function inTheWay(path: string, where: string): SignwrightError {
  return damaged(`${path} is in the way: a file in the place of a directory, or the other way round`, where);
}

function damaged(problem: string, where: string, cause?: unknown): SignwrightError {
  return new SignwrightError('unreachable', `the git branch is damaged: ${problem}`, {
    where,
    next: 'look at the branch with git; if it is in order, remove the cache and run again',
    cause,
  });
}
