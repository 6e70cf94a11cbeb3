import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const SIGNWRIGHT: string = fileURLToPath(new URL('../../packages/apps/cli/bin/signwright.cjs', import.meta.url));

/** One comparison: how long ours and theirs took (milliseconds), and what the project promises of the ratio. */
export type Row = {
  readonly what: string;
  readonly ours: number;
  readonly theirs: number;
  readonly against: string;
  /**
   * `at most` bounds ours ÷ theirs, `faster` bounds theirs ÷ ours; in milliseconds `within` bounds ours alone, `over` bounds ours −
   * theirs. Some have none.
   */
  readonly goal?:
    | { readonly atMost: number }
    | { readonly faster: number }
    | { readonly within: number }
    | { readonly over: number };
  /** Peak resident memory of ours, and of theirs where it says something, in bytes. */
  readonly memory?: { readonly ours: number; readonly theirs?: number; readonly atMost: number };
};

export type Command = {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  /** Done before each run, not measured: removes what the last one left. */
  readonly prepare?: () => void;
};

/** Runs a command to its end; throws where it fails. @returns milliseconds, and its peak resident memory in bytes (0 off Linux). */
export function time(command: Command): Promise<{ ms: number; memory: number }> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(command.program, [...command.args], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    let memory = 0;
    const poll = setInterval(() => {
      memory = Math.max(memory, peakOf(child.pid));
    }, 5);
    child.on('error', reject);
    child.on('exit', (status) => {
      clearInterval(poll);
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (status === 0) resolve({ ms, memory });
      else reject(new Error(`${command.program} ${command.args.join(' ')} exited ${status}: ${said}`));
    });
  });
}

function peakOf(pid: number | undefined): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Medians of several commands, taken in turns so that a slow moment of the machine meets them all. */
export async function compare(rounds: number, commands: readonly Command[]): Promise<{ ms: number; memory: number }[]> {
  const taken = commands.map(() => ({ ms: [] as number[], memory: 0 }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of commands.entries()) {
      command.prepare?.();
      const { ms, memory } = await time(command);
      const entry = taken[index] as (typeof taken)[number];
      // The first round warms the disk's cache and is not counted.
      if (round > 0) entry.ms.push(ms);
      entry.memory = Math.max(entry.memory, memory);
    }
  }
  return taken.map(({ ms, memory }) => ({ ms: median(ms), memory }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The rows as a table, each with its ratio, the goal and whether it was met. */
export function table(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const ratio = row.goal !== undefined && 'faster' in row.goal ? row.theirs / row.ours : row.ours / row.theirs;
    const first = [row.what, ms(row.ours), `${row.against}: ${ms(row.theirs)}`, `${ratio.toFixed(2)} ×`, ...judge(row, ratio)];
    if (!row.memory) return [first];
    const { ours, theirs, atMost } = row.memory;
    return [
      first,
      [
        '  peak memory',
        mb(ours),
        theirs === undefined ? '' : mb(theirs),
        theirs === undefined ? '' : `${(ours / theirs).toFixed(2)} ×`,
        `≤ ${mb(atMost)}`,
        ours <= atMost ? 'met' : 'MISSED',
      ],
    ];
  });
  const all = [['what', 'ours', 'against', 'ratio', 'goal', ''], ...lines];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The goal, and whether it was met. */
function judge({ goal, ours, theirs }: Row, ratio: number): [goal: string, verdict: string] {
  const met = (is: boolean): string => (is ? 'met' : 'MISSED');
  if (goal === undefined) return ['', ''];
  if ('within' in goal) return [`≤ ${ms(goal.within)}`, met(ours <= goal.within)];
  if ('over' in goal) return [`≤ ${ms(goal.over)} more`, met(ours - theirs <= goal.over)];
  if ('atMost' in goal) return [`≤ ${goal.atMost} ×`, met(ratio <= goal.atMost)];
  return [`≥ ${goal.faster} × faster`, met(ratio >= goal.faster)];
}

function ms(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
