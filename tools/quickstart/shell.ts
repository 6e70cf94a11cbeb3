import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SIGNWRIGHT = fileURLToPath(new URL('../../packages/apps/cli/bin/signwright.cjs', import.meta.url));
const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const bold = (text: string): string => (color ? `\u001b[1m${text}\u001b[0m` : text);

type Expectation = { readonly expect?: number; readonly show?: number };

/** What the quickstart does in its directory: tell, and run the built command as a user would. */
export type Shell = {
  say(step: string, title: string): void;
  /** Runs a command and shows it with what it prints; ends the quickstart where it does not exit as expected. */
  run(args: string[], expectation?: Expectation): void;
  /** @returns what it printed on stdout. */
  quietly(args: string[], directory: string): string;
};

export function createShell(home: string): Shell {
  const command = (args: string[], cwd: string): { status: number; stdout: string; output: string } => {
    const { status, stdout, stderr, error } = spawnSync(process.execPath, [SIGNWRIGHT, ...args], { cwd, encoding: 'utf8' });
    if (error) throw error;
    return { status: status ?? 70, stdout, output: `${stderr}${stdout}` };
  };
  const demand = (args: string[], status: number, wanted: number, output: string): void => {
    if (status === wanted) return;
    console.error(`${output}\nsignwright ${args.join(' ')} exited ${status}; the quickstart expected ${wanted}`);
    process.exit(1);
  };
  return {
    say: (step, title) => console.log(`\n${bold(`${step}. ${title}`)}`),
    run(args, { expect = 0, show } = {}) {
      console.log(`\n  ${bold(`$ signwright ${args.join(' ')}`)}`);
      const { status, output } = command(args, home);
      const lines = output.trimEnd().split('\n');
      console.log(lines.slice(0, show).join('\n').replace(/^/gm, '    '));
      console.log(`    (exit ${status})`);
      demand(args, status, expect, output);
    },
    quietly(args, directory) {
      const { status, stdout, output } = command(args, directory);
      demand(args, status, 0, output);
      return stdout;
    },
  };
}
