import { isoTime } from '../formats/iso-time.ts';
import type { FreezeRequirement, WindowRequirement, WindowRule } from '../requirement.ts';
import type { Moment, Outcome } from '../verdict.ts';
import type { DecisionContext } from './context.ts';

const MINUTE = 60_000;
/** Minutes looked ahead for the next opening: windows come back every week. */
const WEEK = 7 * 24 * 60;

const decided = new WeakMap<WindowRequirement, { readonly at: number; readonly moment: Moment; readonly outcome: Outcome }>();

/** Decides whether the instant the verdict speaks of lies within a window of each list. Asked at release, not when it runs again. */
export function decideWindow(requirement: WindowRequirement, { at, moment }: DecisionContext): Outcome {
  // Thousands of artifacts share one requirement and one instant, and looking for the next opening takes a while.
  const before = decided.get(requirement);
  if (before?.at === at && before.moment === moment) return before.outcome;
  const outcome = decideAt(requirement, at, moment);
  decided.set(requirement, { at, moment, outcome });
  return outcome;
}

function decideAt({ id, layer, all }: WindowRequirement, at: number, moment: Moment): Outcome {
  const base = { requirement: id, layer, evidence: [], refused: [] };
  if (moment === 'run')
    return { ...base, status: 'met', code: 'window-open', message: 'windows are for releasing, and this was released' };
  if (all.every((list) => isOpen(list, at)))
    return { ...base, status: 'met', code: 'window-open', message: `it is within ${describe(all)}` };
  const opens = nextOpening(all, at);
  const next = {
    text:
      opens === undefined
        ? 'these windows are never open together: change the policy'
        : `the next window opens ${isoTime(opens)}`,
  };
  return { ...base, status: 'unmet', code: 'window-closed', message: `${isoTime(at)} is not within ${describe(all)}`, next };
}

/** Decides whether it lies in no freeze. */
export function decideFreeze({ id, layer, freezes }: FreezeRequirement, { at, moment }: DecisionContext): Outcome {
  const base = { requirement: id, layer, evidence: [], refused: [] };
  const frozen = moment === 'run' ? undefined : freezes.find(({ from, until }) => at >= from && at < until);
  if (frozen === undefined) return { ...base, status: 'met', code: 'not-frozen', message: 'nothing is frozen now' };
  const why = frozen.reason === undefined ? '' : ` (${frozen.reason})`;
  const message = `releases are frozen from ${isoTime(frozen.from)} until ${isoTime(frozen.until)}${why}`;
  return {
    ...base,
    status: 'unmet',
    code: 'frozen',
    message,
    next: { text: `wait until ${isoTime(endOf(freezes, frozen.until))}` },
  };
}

/** When it is over, where another freeze begins before this one ends. */
function endOf(freezes: FreezeRequirement['freezes'], end: number): number {
  const later = freezes.find(({ from, until }) => from <= end && until > end);
  return later === undefined ? end : endOf(freezes, later.until);
}

/** Whether any of these windows is open at an instant, each by the clocks of its own time zone. */
export function isOpen(windows: readonly WindowRule[], at: number): boolean {
  return windows.some(({ days, from, to, timezone }) => {
    const { day, minute } = localTime(at, timezone);
    return days.includes(day) && minute >= from && minute < to;
  });
}

/** The first minute from `at` on, within a week, at which each list has an open window; nothing where there is none. */
export function nextOpening(all: readonly (readonly WindowRule[])[], at: number): number | undefined {
  const first = Math.ceil(at / MINUTE) * MINUTE;
  for (let minutes = 0; minutes <= WEEK; minutes++) {
    const then = first + minutes * MINUTE;
    if (all.every((list) => isOpen(list, then))) return then;
  }
  return undefined;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function localTime(at: number, timezone: string): { readonly day: number; readonly minute: number } {
  const options = { timeZone: timezone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const format = formats.get(timezone) ?? new Intl.DateTimeFormat('en-US', options);
  formats.set(timezone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf(parts.get('weekday') ?? '');
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

function describe(all: readonly (readonly WindowRule[])[]): string {
  return all.map((list) => list.map(describeWindow).join(' or ')).join(', and within ');
}

function describeWindow({ days, from, to, timezone }: WindowRule): string {
  return `${days.map((day) => DAYS[day]).join(' ')} ${clock(from)}–${clock(to)} ${timezone}`;
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
