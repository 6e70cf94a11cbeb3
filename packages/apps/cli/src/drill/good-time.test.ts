import type { Requirement } from '@signwright/signing-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goodTime } from './good-time.ts';

const base = { layer: 'p', waivable: false };
const windowOf = (...days: number[]): Requirement => ({
  ...base,
  id: 'window',
  type: 'window',
  all: [[{ days, from: 8 * 60, to: 16 * 60, timezone: 'UTC' }]],
});
const freeze = (from: string, until: string): Requirement => ({
  ...base,
  id: 'freeze',
  type: 'freeze',
  freezes: [{ from: Date.parse(from), until: Date.parse(until) }],
});
const MONDAY = Date.parse('2026-11-23T09:00:00Z');
const at = (requirements: readonly Requirement[], now: number): string =>
  new Date(goodTime(requirements, now) ?? NaN).toISOString();

test('is now where nothing speaks against it', () => {
  expect(goodTime([], MONDAY)).toBe(MONDAY);
  expect(goodTime([windowOf(1)], MONDAY)).toBe(MONDAY);
});

test('is when the next window opens, and when no freeze is on', () => {
  expect(at([windowOf(2)], MONDAY)).toBe('2026-11-24T08:00:00.000Z');
  expect(at([windowOf(2), freeze('2026-11-24', '2026-11-25')], MONDAY)).toBe('2026-12-01T08:00:00.000Z');
});

test('leaves room before a window closes or a freeze begins', () => {
  expect(at([windowOf(1)], Date.parse('2026-11-23T15:55:00Z'))).toBe('2026-11-30T08:00:00.000Z');
  expect(at([freeze('2026-11-23T09:10:00Z', '2026-11-23T12:00:00Z')], MONDAY)).toBe('2026-11-23T12:00:00.000Z');
});

test('there is none where windows are never open together', () => {
  expect(goodTime([windowOf(1), { ...windowOf(2), id: 'other' }], MONDAY)).toBeUndefined();
});

test('is never before now, nor in a freeze, nor outside of a window', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 14 * 24 * 60 }),
      fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1 }),
      (minutes, days) => {
        const now = MONDAY + minutes * 60_000;
        const found = goodTime([windowOf(...days), freeze('2026-11-26', '2026-11-28')], now) ?? 0;
        const day = new Date(found).getUTCDay();
        const hour = new Date(found).getUTCHours();
        expect(found).toBeGreaterThanOrEqual(now);
        expect([days.includes(day), hour >= 8 && hour < 16]).toEqual([true, true]);
        expect(found >= Date.parse('2026-11-26') && found < Date.parse('2026-11-28')).toBe(false);
      },
    ),
  );
});
