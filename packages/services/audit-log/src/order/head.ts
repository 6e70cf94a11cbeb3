import {
  canonicalDigest,
  canonicalJson,
  EMPTY_ROOT,
  type Json,
  type JsonObject,
  type LogKey,
  openCheckpoint,
  parseStrictJson,
  SignwrightError,
  TILE_WIDTH,
} from '@signwright/signing-core';
import { checkSignedNow, type ReadAt } from '../context.ts';
import { damaged } from '../damaged.ts';
import { GROUP_WIDTH, HEAD } from '../layout.ts';
import { type Edge, rootOf, widthsOf } from '../tree/edge.ts';
import { recordsOf, type Tail } from './tail.ts';

/** The state of a log, as its commit point has it. */
export type Head = {
  readonly size: number;
  readonly root: Buffer;
  /** The checkpoint as it was signed; `undefined` where nothing has been ordered yet. */
  readonly checkpoint: Buffer | undefined;
  readonly edge: Edge;
  /** The first segment that is not ordered yet. */
  readonly next: number;
  /** Full tiles of level 0, and groups of segments, that were written before this head was: the younger ones follow it. */
  readonly tiles: number;
  readonly groups: number;
  /** Every segment with a record in a younger tile, or in a younger group. */
  readonly tail: Tail;
};

/** The head of a log that nobody has begun. */
export const EMPTY_HEAD: Head = {
  size: 0,
  root: EMPTY_ROOT,
  checkpoint: undefined,
  edge: [],
  next: 0,
  tiles: 0,
  groups: 0,
  tail: { segment: 0, index: 0, counts: [] },
};

const TYPE = 'https://signwright.dev/log-head/v1';
const MAX_HEAD = 1024 * 1024;

/** The bytes of a head: RFC 8785. */
export function writeHead({ checkpoint, edge, next, tiles, groups, tail }: Head): Buffer {
  const content = {
    type: TYPE,
    checkpoint: checkpoint?.toString('utf8') ?? '',
    edge: edge.map((hashes) => Buffer.concat(hashes).toString('base64')),
    next,
    tiles,
    groups,
    tail: { segment: tail.segment, index: tail.index, counts: tail.counts },
  };
  // Nobody signs the digest: it tells damage in what the checkpoint does not cover.
  return Buffer.from(canonicalJson({ ...content, digest: canonicalDigest(content) }));
}

/**
 * Reads a head and verifies what of it is signed: its checkpoint, and that its edge leads to the checkpoint's root. What it says of
 * segments nobody signed; `checkEnd` holds it against them.
 *
 * @param keys the log's keys; the first one's name is the log's. @param at by when one of those that signed it must count, if at all.
 * @throws SignwrightError `verification`, naming what does not hold.
 */
export async function readHead(bytes: Uint8Array, keys: readonly LogKey[], at?: ReadAt): Promise<Head> {
  const { checkpoint: text, ...unsigned } = parse(bytes);
  const opened = reading(() => openCheckpoint(Buffer.from(text), keys, HEAD));
  const { origin, size, root } = opened;
  if (origin !== keys[0]?.name) throw damaged(HEAD, `it is of the log ${origin}; expected was ${keys[0]?.name}`);
  if (at !== undefined) checkSignedNow(opened, at, HEAD);
  const head: Head = { size, root, checkpoint: Buffer.from(text), ...unsigned };
  const why = whyNot(head);
  if (why !== undefined) throw damaged(HEAD, why);
  if (!(await rootOf(head.edge, size)).equals(root)) {
    throw damaged(HEAD, `its edge does not lead to the root of its checkpoint of ${size} records`);
  }
  return head;
}

type Written = Pick<Head, 'edge' | 'next' | 'tiles' | 'groups' | 'tail'> & { checkpoint: string };

function parse(bytes: Uint8Array): Written {
  const value = reading(() => parseStrictJson(bytes, { what: 'the head', maxBytes: MAX_HEAD, maxDepth: 4 }));
  const { digest, ...content } = (value ?? {}) as Fields;
  const { type, checkpoint, edge, next, tiles, groups, tail } = content;
  if (type !== TYPE) throw damaged(HEAD, `it is no ${TYPE}`, 'use the version of signwright that wrote it, or a newer one');
  const sound =
    Buffer.compare(Buffer.from(canonicalJson(value)), bytes) === 0 &&
    digest === canonicalDigest(content as JsonObject) &&
    typeof checkpoint === 'string' &&
    [next, tiles, groups, tail?.segment, tail?.index].every(isCount) &&
    Array.isArray(tail?.counts) &&
    tail.counts.every(isCount) &&
    Array.isArray(edge) &&
    edge.every((hashes) => typeof hashes === 'string');
  if (!sound) throw damaged(HEAD, 'it is not as a head is written');
  return { checkpoint, edge: edge.map(hashesOf), next, tiles, groups, tail } as Written;
}

type Fields = { [key: string]: Json | undefined } & {
  edge?: string[];
  tail?: { segment?: Json; index?: Json; counts?: number[] };
};

function hashesOf(base64: string): Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64 || bytes.length % 32 !== 0) throw damaged(HEAD, 'its edge is not hashes in base64');
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * (i + 1)));
}

/** What contradicts itself in a head, or `undefined`. */
function whyNot({ size, edge, next, tiles, groups, tail }: Head): string | undefined {
  const widths = widthsOf(size);
  if (edge.length !== widths.length || edge.some((hashes, level) => hashes.length !== widths[level])) {
    return `its edge is not one of ${size} records`;
  }
  if (tail.segment + tail.counts.length !== next || tail.index + recordsOf(tail) !== size || tail.counts.length === 0) {
    return `its newest segments do not account for ${next} segments with ${size} records`;
  }
  const early = tail.index <= tiles * TILE_WIDTH && tail.segment <= groups * GROUP_WIDTH;
  if (!early || tiles * TILE_WIDTH > size || groups * GROUP_WIDTH > next) {
    return 'its newest segments leave out some that are in no tile or group yet';
  }
  return undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** What was read from outside is damage where it is not what it must be. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') throw damaged(HEAD, error.message, undefined, error);
    throw error;
  }
}
