/** What a directory of a commit has under a name. */
export type TreeEntry = { readonly kind: 'file' | 'directory' | 'other'; readonly id: string };
/** A directory of a commit. */
export type Tree = {
  /** Bytes it takes, about. */
  readonly size: number;
  entry(name: string): TreeEntry | undefined;
  /** The ids of up to `count` files that follow a name, as git orders them. */
  following(name: string, count: number): string[];
};

const ID_BYTES = 20;

/** Reads a tree object: entries of `MODE NAME`, a zero byte and the object's id. Throws RangeError where it is none. */
export function readTree(bytes: Buffer): Tree {
  const places = new Map<string, number>();
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at);
    const zero = bytes.indexOf(0, at);
    if (blank < at || zero < blank || zero + ID_BYTES >= bytes.length) throw new RangeError('a tree object breaks off');
    // Names that are no keys are never asked for, so that it does not matter how they read.
    places.set(bytes.toString('latin1', blank + 1, zero), starts.length);
    starts.push(at);
    at = zero + 1 + ID_BYTES;
  }

  function read(index: number): TreeEntry {
    const at = starts[index] as number;
    const zero = bytes.indexOf(0, at);
    const mode = bytes.toString('latin1', at, bytes.indexOf(0x20, at));
    return { kind: kindOf(mode), id: bytes.toString('hex', zero + 1, zero + 1 + ID_BYTES) };
  }

  return {
    size: bytes.length * 4,
    entry(name: string): TreeEntry | undefined {
      const index = places.get(name);
      return index === undefined ? undefined : read(index);
    },
    following(name: string, count: number): string[] {
      const from = (places.get(name) ?? starts.length) + 1;
      const entries = starts.slice(from, from + count).map((_, i) => read(from + i));
      return entries.filter(({ kind }) => kind === 'file').map(({ id }) => id);
    },
  };
}

function kindOf(mode: string): TreeEntry['kind'] {
  if (mode === '100644' || mode === '100755') return 'file';
  return mode === '40000' ? 'directory' : 'other';
}
