import {
  addSignature,
  type BlobStore,
  type Checkpoint,
  type Clock,
  cosign,
  type LogKey,
  type OpenedCheckpoint,
  openCheckpoint,
  type Signer,
  SignwrightError,
  type VerifierKey,
  verifierKeyOf,
  verifyCosignatures,
  writeNote,
} from '@signwright/signing-core';
import { CHECKPOINT, segmentKey } from '../layout.ts';
import { openLogReader } from '../open-log-reader.ts';
import { type Witnessed, witnessedCheckpoints } from '../prove/witnessed.ts';
import { type Contradiction, contradiction, contradicts } from './contradicts.ts';
import { storeCosigned } from './store-cosigned.ts';

/** What a witness goes by. */
export type WitnessOptions = {
  readonly blobs: BlobStore;
  /** The log's keys. */
  readonly keys: readonly LogKey[];
  /** The witness's name and its Ed25519 key. */
  readonly name: string;
  readonly signer: Signer;
  readonly clock: Clock;
  /** The note it remembered last; without it, what it last left in the log, and without that, it begins. */
  readonly last?: Uint8Array;
  /** Keeps the note it cosigned where the log cannot change it. Done before anybody is given the cosignature. */
  readonly remember: (note: Uint8Array) => Promise<void>;
  /** The others that watch this log: what one of them cosigned is cosigned first, so that several come to stand on one checkpoint. */
  readonly others?: readonly VerifierKey[];
  /** For how long segments may wait for their order, in milliseconds; longer than both sequencer and witness pause. */
  readonly stuckAfter?: number;
};

/**
 * What a witness saw.
 *
 * - `cosigned`: all is well; `note` is what to remember.
 * - `rollback`: the log has fewer records than it had. `split-view`: it shows others another log.
 * - `stuck`: segments wait for their order for longer than they should.
 */
export type WitnessReport =
  | { readonly status: 'cosigned'; readonly checkpoint: Checkpoint; readonly note: Uint8Array; readonly first: boolean }
  | { readonly status: 'nothing-yet' }
  | Contradiction
  | { readonly status: 'stuck'; readonly message: string; readonly since: Date; readonly segment: number };

/**
 * One round of a witness: reads the log's newest checkpoint → is it consistent with what was seen last, with what was published and
 * with what others cosigned? → do segments wait too long? → cosigns, remembers, and stores the cosignature in the log.
 *
 * @throws SignwrightError `verification` where the log's head does not hold or its tiles do not lead to it, `unreachable` where the
 * store cannot be reached.
 */
export async function witnessLog(options: WitnessOptions): Promise<WitnessReport> {
  const { blobs, keys, name, signer, clock } = options;
  const own = verifierKeyOf(name, await signer.publicKey(), 'witness');
  const last = await lastSeen(options, own);
  const shown = await shownToOthers(options);
  const reader = await openLogReader({ blobs, keys, now: clock.now() });
  if (!reader.note) return last ? contradiction(last, undefined, reader) : { status: 'nothing-yet' };
  const newest = openCheckpoint(reader.note, keys, 'head');

  for (const seen of [...(last ? [last] : []), ...shown.published, ...shown.cosigned]) {
    const report = await contradicts(seen, newest, reader);
    if (report) return report;
  }
  if (last?.size === newest.size && (await blobs.get(segmentKey(reader.next)))) return waiting(options, last, own, reader.next);

  const { origin, size, root, note } = choose(last, shown.cosigned, newest);
  const cosigned = writeNote(addSignature(note, await cosign(note, name, signer, clock.now())));
  await options.remember(cosigned);
  await storeCosigned(blobs, keys, own, cosigned);
  return { status: 'cosigned', checkpoint: { origin, size, root }, note: cosigned, first: !last };
}

/** What this witness cosigned last: as it remembers it, or as the log has kept it, whichever is newer. */
async function lastSeen({ blobs, keys, last }: WitnessOptions, own: VerifierKey): Promise<OpenedCheckpoint | undefined> {
  const [kept] = await witnessedCheckpoints(blobs, keys, [own]);
  if (!last) return kept;
  const remembered = openCheckpoint(last, keys, 'what the witness remembers');
  if (verifyCosignatures(remembered.note, [own]).length === 0) {
    throw new SignwrightError('verification', 'what the witness remembers has no cosignature of its own', {
      next: 'give the note that its last round returned; if it is lost, begin anew without one',
    });
  }
  return kept && kept.size > remembered.size ? kept : remembered;
}

/** The checkpoints that the log shows others: the published one, and those that other witnesses cosigned. */
async function shownToOthers({ blobs, keys, others = [] }: WitnessOptions): Promise<Shown> {
  const published = await blobs.get(CHECKPOINT);
  return {
    published: published ? [openCheckpoint(published.bytes, keys, CHECKPOINT)] : [],
    cosigned: await witnessedCheckpoints(blobs, keys, others),
  };
}

type Shown = { readonly published: readonly OpenedCheckpoint[]; readonly cosigned: readonly Witnessed[] };

/**
 * Nothing was ordered since this witness cosigned last, though something waits for it. It does not cosign anew: the time of its last
 * cosignature tells how long that has been so.
 */
function waiting(
  { clock, stuckAfter }: WitnessOptions,
  last: OpenedCheckpoint,
  own: VerifierKey,
  segment: number,
): WitnessReport {
  const { origin, size, root, note } = last;
  const since = verifyCosignatures(note, [own])[0]?.at ?? clock.now();
  if (stuckAfter === undefined || clock.now().getTime() - since.getTime() <= stuckAfter) {
    return { status: 'cosigned', checkpoint: { origin, size, root }, note: writeNote(note), first: false };
  }
  const message = `${segmentKey(segment)} waits for its order, and nothing was ordered since ${since.toISOString()}`;
  return { status: 'stuck', message, since, segment };
}

/** What most of the others cosigned already, the newest of that, where it is newer than what this witness did; else the log's newest. */
function choose(last: OpenedCheckpoint | undefined, cosigned: readonly Witnessed[], newest: OpenedCheckpoint): OpenedCheckpoint {
  const joinable = cosigned.filter(({ size }) => size > (last?.size ?? 0));
  return [...joinable].sort((a, b) => b.cosigned - a.cosigned || b.size - a.size)[0] ?? newest;
}
