import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLOCK_FILE, clockFrom, OFFSET_ENV, withClock } from './clock.ts';

const YEAR = 365 * 24 * 3600 * 1000;
const near = (a: number, b: number): boolean => Math.abs(a - b) < 10_000;

test('a drill’s clock goes on from where it was set', () => {
  const clock = clockFrom(Date.now() + YEAR);
  expect(near(clock.now().getTime(), Date.now() + YEAR)).toBe(true);
});

test('work of this process sees it, and afterwards nothing does, whatever became of the work', async () => {
  const real = Date;
  const clock = clockFrom(Date.now() + YEAR);
  const [now, made, given] = await withClock(
    clock,
    async () => [Date.now(), Date.parse(new Date().toISOString()), new Date(0).toISOString()] as const,
  );
  expect([near(now, Date.now() + YEAR), near(made, Date.now() + YEAR), given]).toEqual([true, true, '1970-01-01T00:00:00.000Z']);
  await expect(withClock(clock, async () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
  expect(globalThis.Date).toBe(real);
});

test('a child that the file is preloaded into sees another time of day', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-clock-'));
  try {
    const file = join(directory, 'clock.cjs');
    writeFileSync(file, CLOCK_FILE);
    const script = 'console.log([Date.now(), +new Date(), new Date(5).getTime(), new Date() instanceof Date])';
    const said = execFileSync(process.execPath, ['--require', file, '-p', script.replace('console.log', '')], {
      env: { [OFFSET_ENV]: String(-YEAR) },
    }).toString();
    const [now = 0, made = 0, given] = (said.match(/\d+/g) ?? []).map(Number);
    expect([near(now, Date.now() - YEAR), near(made, Date.now() - YEAR), given, said.includes('true')]).toEqual([
      true,
      true,
      5,
      true,
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
