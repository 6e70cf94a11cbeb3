import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Peer } from './peers.ts';
import { sourceVersion } from './source-version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder that keeps what peers were built, one folder inside it a peer and version. */
export function peerCache(environment: Environment = process.env): string {
  const cache = environment['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'signwright', 'peers');
}

/** Where daemons lie, which users have not on their PATH. */
const SYSTEM = ['/usr/sbin', '/usr/local/sbin'];

/** A peer that is built into the cache. */
export type BuiltPeer = Peer & { kind: 'go' | 'go-source' | 'python' | 'npm' };

/** The folder of one built peer at its version. */
export function folderOf(peer: BuiltPeer, environment: Environment = process.env): string {
  const version = peer.kind === 'go-source' ? sourceVersion(sourceOf(peer)) : peer.version;
  return join(peerCache(environment), `${peer.name}-${version}`);
}

/** Where the source of a peer of our own is. */
export function sourceOf(peer: Peer & { kind: 'go-source' }): string {
  return join(import.meta.dirname, peer.folder);
}

/** The path of a peer's program, or `undefined` where it is not installed. */
export function locate(peer: Peer, environment: Environment = process.env): string | undefined {
  if (peer.kind === 'debian') return onPath(peer.name, { PATH: [environment['PATH'] ?? '', ...SYSTEM].join(delimiter) });
  return executable(join(folderOf(peer, environment), peer.name));
}

/** The first program of this name on PATH. */
export function onPath(name: string, environment: Environment = process.env): string | undefined {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const found = folder === '' ? undefined : executable(join(folder, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
