const RealDate = globalThis.Date;

/** The time of day inside a drill: that of the machine, so many milliseconds away. Elapsed time is never changed. */
export type DrillClock = {
  /** Milliseconds to add to the machine's clock. */
  readonly offset: number;
  now(): Date;
};

/** A clock that shows `start` now and goes on from there. */
export function clockFrom(start: number): DrillClock {
  const offset = start - RealDate.now();
  return { offset, now: () => new RealDate(RealDate.now() + offset) };
}

/** The environment variable that tells the preloaded file how far to move the clock of a child. */
export const OFFSET_ENV = 'SIGNWRIGHT_DRILL_CLOCK_MS';

/**
 * A file to preload into a child (`node --require`): its clock is then ahead, or behind, as a machine's may be. Nothing of the command
 * knows of it.
 */
export const CLOCK_FILE: string = `'use strict';
const offset = Number(process.env.${OFFSET_ENV});
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Real.now() + offset] : parts));
  }
  static now() {
    return Real.now() + offset;
  }
};
`;

/** Runs work of this process by the drill's clock. */
export async function withClock<T>({ offset }: DrillClock, work: () => Promise<T>): Promise<T> {
  if (offset === 0) return work();
  const now = (): number => RealDate.now() + offset;
  globalThis.Date = class extends RealDate {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [now()] : parts) as [number]));
    }
    static override now(): number {
      return now();
    }
  } as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}
