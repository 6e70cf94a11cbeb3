import { type BlobStore, hexOf, type Sha256 } from '@signwright/signing-core';
import { changeLines, type LineFormat, readLines } from '../lines.ts';

/** What a store remembers of a piece of evidence beside its bytes and where it is listed. Times are in milliseconds since 1970. */
export type Kept = {
  readonly id: Sha256;
  /** When it was last put, to the hour; `undefined` where it was there before such things were recorded. */
  readonly lastPut?: number;
  /** It is to be kept until then; `undefined` where nobody asked. */
  readonly until?: number;
  /** Names of the legal holds on it. */
  readonly holds: readonly string[];
  /** It is being removed: since when, and by which run. It is then never held. */
  readonly removing?: { readonly since: number; readonly run: string };
};

const TIME = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ`;
const NAME = '[a-z0-9][a-z0-9._-]{0,63}';
/** The name of a legal hold. */
export const HOLD_NAME: RegExp = new RegExp(`^${NAME}$`);
const STATE = `-|held:${NAME}(?:,${NAME})*|removing:[0-9a-f]{16}:${TIME}`;

/** Lines `EVIDENCE LAST-PUT KEPT-UNTIL STATE`, one a piece. */
const FORMAT: LineFormat = { line: new RegExp(`^[0-9a-f]{64} (?:-|${TIME}) (?:-|${TIME}) (?:${STATE})$`), unique: 64 };

/** Reads one shard of what is kept: the pieces whose digest begins with the shard's byte. */
export async function readKept(blobs: BlobStore, key: string): Promise<ReadonlyMap<Sha256, Kept>> {
  return byId(await readLines(blobs, key, FORMAT));
}

/**
 * Changes what one shard says of some pieces.
 *
 * @param change is given what is there of each piece and returns what is to be there, the same object where nothing changes,
 * `undefined` for no line. It may be called several times, where others write too.
 */
export async function changeKept(
  blobs: BlobStore,
  key: string,
  ids: readonly Sha256[],
  change: (kept: Kept | undefined, id: Sha256) => Kept | undefined,
): Promise<void> {
  await changeLines(blobs, key, FORMAT, (lines) => {
    const all = byId(lines);
    let changed = false;
    for (const id of ids) {
      const before = all.get(id);
      const after = change(before, id);
      if (after === before) continue;
      changed = true;
      if (after === undefined) all.delete(id);
      else all.set(id, after);
    }
    return changed ? [...all.values()].map(write) : undefined;
  });
}

function byId(lines: readonly string[]): Map<Sha256, Kept> {
  return new Map(lines.map(parse).map((kept) => [kept.id, kept]));
}

function parse(line: string): Kept {
  const [hex, lastPut, until, state] = line.split(' ') as [string, string, string, string];
  const removing = /^removing:([0-9a-f]{16}):(.*)$/.exec(state);
  return {
    id: `sha256:${hex}`,
    ...(lastPut === '-' ? {} : { lastPut: Date.parse(lastPut) }),
    ...(until === '-' ? {} : { until: Date.parse(until) }),
    holds: state.startsWith('held:') ? state.slice('held:'.length).split(',') : [],
    ...(removing === null ? {} : { removing: { run: removing[1] as string, since: Date.parse(removing[2] as string) } }),
  };
}

function write({ id, lastPut, until, holds, removing }: Kept): string {
  const state =
    removing !== undefined
      ? `removing:${removing.run}:${time(removing.since)}`
      : holds.length > 0
        ? `held:${[...holds].sort().join(',')}`
        : '-';
  return `${hexOf(id)} ${time(lastPut)} ${time(until)} ${state}`;
}

/** Whole seconds, rounded up: nothing is kept shorter than was asked. */
function time(at: number | undefined): string {
  return at === undefined ? '-' : `${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
