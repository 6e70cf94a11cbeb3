/**
 * What an audit found.
 *
 * - `head`, `tile`, `entries`, `segment`, `order`, `checkpoint`: that part of the log is not what the rest of it says.
 * - `rollback`, `split-view`: the log contradicts a checkpoint that somebody saw.
 * - `attempt`: what lets a retry find the attempt before is missing or leads elsewhere.
 * - `unknown-writer`: whoever signed a segment is no signer any more; its records are those the log ordered.
 * - `refused-segment`: somebody wrote what the log did not take.
 * - `unordered`: segments wait for their order.
 * - `orphan-intent`: something was to be signed, and nobody recorded what came of it: a signature may exist.
 * - `result-without-intent`: a result names an intent that is not before it, or was answered already.
 */
export type FindingCode =
  | 'head'
  | 'tile'
  | 'entries'
  | 'segment'
  | 'order'
  | 'checkpoint'
  | 'rollback'
  | 'split-view'
  | 'attempt'
  | 'unknown-writer'
  | 'refused-segment'
  | 'unordered'
  | 'orphan-intent'
  | 'result-without-intent';

/** `damage`: the log was changed. `notice`: it was not, and somebody should look all the same. */
export type Finding = {
  readonly severity: 'damage' | 'notice';
  readonly code: FindingCode;
  /** A key of the store, or `record N`. */
  readonly place: string;
  readonly message: string;
};

/** Findings as they are made: all are counted, and so many are kept. */
export type Findings = {
  damage(code: FindingCode, place: string, message: string): void;
  notice(code: FindingCode, place: string, message: string): void;
  readonly found: Finding[];
  /** How many more there were of each kind. */
  more(): { damage: number; notice: number };
};

const MOST = 1000;

export function collectFindings(): Findings {
  const found: Finding[] = [];
  const kept = { damage: 0, notice: 0 };
  const more = { damage: 0, notice: 0 };
  const add = (severity: Finding['severity'], code: FindingCode, place: string, message: string): void => {
    if (kept[severity] === MOST) {
      more[severity]++;
      return;
    }
    kept[severity]++;
    found.push({ severity, code, place, message });
  };
  return {
    damage: (...what) => add('damage', ...what),
    notice: (...what) => add('notice', ...what),
    found,
    more: () => ({ ...more }),
  };
}
