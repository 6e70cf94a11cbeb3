import { unlink } from 'node:fs/promises';
import { sha256 } from '@signwright/signing-core';

type Spare = { readonly path: string; readonly digest: string; readonly forget: NodeJS.Timeout };

/** How long it waits for its next name, in milliseconds. A process that ends sooner leaves it to be swept. */
const KEPT = 1000;

/**
 * Files whose bytes are on disk but whose name another writer was first to take. Who looks for a free number puts the same bytes
 * under the next one right away: then they need not be written again, and with many writers that is most of what they do.
 */
export type Spares = {
  keep(bytes: Uint8Array, path: string): void;
  /** Remembers that this buffer found a name of the directory taken by others. */
  seek(bytes: Uint8Array, directory: string): void;
  sought(bytes: Uint8Array, directory: string): boolean;
  /** The file with these bytes, which is the caller's from now on. */
  take(bytes: Uint8Array): string | undefined;
};

export function createSpares(): Spares {
  const spares = new WeakMap<Uint8Array, Spare>();
  const seeking = new WeakMap<Uint8Array, string>();
  return {
    keep(bytes, path) {
      const forget = setTimeout(() => {
        spares.delete(bytes);
        unlink(path).catch(() => undefined);
      }, KEPT);
      spares.set(bytes, { path, digest: sha256(bytes), forget: forget.unref() });
    },
    seek: (bytes, directory) => void seeking.set(bytes, directory),
    sought: (bytes, directory) => seeking.get(bytes) === directory,
    take(bytes) {
      const spare = spares.get(bytes);
      // Somebody may have written into the buffer meanwhile.
      if (spare === undefined || spare.digest !== sha256(bytes)) return undefined;
      clearTimeout(spare.forget);
      spares.delete(bytes);
      return spare.path;
    },
  };
}
