import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peer } from '../peers.ts';

/** The action as its users get it. */
export const ACTION = fileURLToPath(new URL('../../packages/adapters/github-action/bundle', import.meta.url));

export type ActOptions = {
  /** The project that is pushed. */
  readonly directory: string;
  /** The text of its workflow. */
  readonly workflow: string;
  readonly event?: string;
  /** What the event's file says. */
  readonly payload?: unknown;
  /** Actions by `owner/name@ref`, and the folders that stand for them; Signwright's own is there. */
  readonly actions?: Readonly<Record<string, string>>;
  /** Further variables of the runner. */
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration variables of the repository. */
  readonly vars?: Readonly<Record<string, string>>;
  /** A folder of programs that steps find. */
  readonly programs?: string;
};

/** A workflow that was run. */
export type ActRun = {
  readonly succeeded: boolean;
  /** How a step ended, by its id. */
  step(id: string): string | undefined;
  /** What a step told later ones. */
  outputs(id: string): Readonly<Record<string, string>>;
  /** The commands the runner took from a step's output. */
  commands(id: string): readonly Command[];
  /** What the log shows. */
  readonly log: string;
  /** All that the runner said, as it says it to programs. */
  readonly raw: string;
};
type Command = { readonly command: string; readonly arg: string; readonly properties: Readonly<Record<string, string>> };

type Line = {
  readonly msg?: string;
  readonly raw_output?: boolean;
  readonly stepID?: readonly string[];
  readonly stepResult?: string;
  readonly command?: string;
  readonly arg?: string;
  readonly content?: string;
  readonly name?: string;
  readonly kvPairs?: Readonly<Record<string, string>>;
};

const LONGEST_MS = 120_000;

/** Runs a workflow by act, on this machine, with nothing of this process's environment and no network. */
export async function runAct(options: ActOptions): Promise<ActRun> {
  const { event = 'push', payload, env = {}, vars = {}, actions = {}, programs } = options;
  const room = mkdtempSync(join(tmpdir(), 'signwright-act-'));
  try {
    const repository = join(room, 'repository');
    cpSync(options.directory, repository, { recursive: true });
    rmSync(join(repository, '.github'), { recursive: true, force: true });
    mkdirSync(join(repository, '.github/workflows'), { recursive: true });
    writeFileSync(join(repository, '.github/workflows/ci.yml'), options.workflow);
    commit(repository);
    const eventFile = join(room, 'event.json');
    writeFileSync(eventFile, JSON.stringify(payload ?? {}));
    const stood = Object.entries({ 'acme/signwright-action@v1': ACTION, ...actions });
    const nothing = ['--env-file', '/dev/null', '--secret-file', '/dev/null', '--var-file', '/dev/null'];
    const args = [
      event,
      '--json',
      '--eventpath',
      eventFile,
      '-P',
      'ubuntu-latest=-self-hosted',
      ...nothing,
      ...stood.flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
      ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}=${value}`]),
      ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ];
    return await run(repository, args, room, programs);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

function run(repository: string, args: readonly string[], home: string, programs = '/usr/local/bin'): Promise<ActRun> {
  const options = {
    cwd: repository,
    env: { PATH: pathWith(programs), HOME: home },
    timeout: LONGEST_MS,
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(peer('act'), args, options, (error, stdout, stderr) => {
      const lines = stdout.split('\n').flatMap((line): Line[] => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
      resolve({ ...seen(lines, stderr), succeeded: error === null, raw: stdout + stderr });
    });
  });
}

function seen(lines: readonly Line[], stderr: string): Omit<ActRun, 'succeeded' | 'raw'> {
  const of = (id: string): Line[] => lines.filter(({ stepID }) => stepID?.[0] === id);
  return {
    step: (id) => of(id).find(({ stepResult }) => stepResult !== undefined)?.stepResult,
    outputs: (id) =>
      Object.fromEntries(
        of(id).flatMap(({ command, name, arg = '' }) => (command === 'set-output' && name ? [[name, arg]] : [])),
      ),
    commands: (id) =>
      of(id).flatMap(({ command, arg, content, kvPairs: properties = {} }) =>
        command === undefined ? [] : [{ command, arg: arg ?? content ?? '', properties }],
      ),
    log: lines.map(({ msg = '' }) => (msg.endsWith('\n') ? msg : `${msg}\n`)).join('') + stderr,
  };
}

/** The Node that runs the tests: the runner brings its own, and act takes the first on PATH. */
function pathWith(programs: string): string {
  return [join(process.execPath, '..'), programs, '/usr/bin', '/bin'].join(':');
}

function commit(repository: string): void {
  const git = (...args: string[]): void => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: repository, GIT_CONFIG_NOSYSTEM: '1' };
    execFileSync('git', args, { cwd: repository, env, stdio: 'ignore' });
  };
  git('init', '--initial-branch=main');
  git('remote', 'add', 'origin', 'https://github.com/acme/app');
  git('add', '--all');
  git('-c', 'user.name=ann', '-c', 'user.email=ann@acme.example', 'commit', '--quiet', '--message', 'all');
}
