import { describe, test } from 'vitest';
import { locate } from '../tools/peers/locate.ts';
import { PEERS, type Peer, type PeerName, titleOf } from '../tools/peers/peers.ts';

/**
 * The path of a peer's program.
 *
 * @throws Error where it is not installed, with the command that installs it.
 */
export function peer(name: PeerName): string {
  const found = locate(entryOf(name));
  if (found === undefined) throw new Error(missing(name));
  return found;
}

/** Whether a peer is there; in CI it has to be. */
export function isInstalled(name: PeerName): boolean {
  return process.env['CI'] === 'true' || locate(entryOf(name)) !== undefined;
}

/**
 * A suite that needs peers. Where one is missing, CI fails; on a laptop the suite is skipped, and its title says why.
 */
export function describePeer(names: PeerName | readonly PeerName[], title: string, suite: () => void): void {
  const absent = [names].flat().filter((name) => locate(entryOf(name)) === undefined);
  if (absent.length === 0) {
    describe(title, suite);
  } else if (process.env['CI'] === 'true') {
    throw new Error(`${title}: ${absent.map(missing).join('; ')}`);
  } else {
    // The suite itself is not even read: it may ask for its peers' paths right away.
    test.skip(`${title} (skipped: ${absent.map(missing).join('; ')})`, () => {});
  }
}

function entryOf(name: PeerName): Peer {
  return PEERS.find((entry) => entry.name === name) as Peer;
}

function missing(name: PeerName): string {
  return `${titleOf(entryOf(name))} is not installed (node tools/peers/install.ts ${name})`;
}
