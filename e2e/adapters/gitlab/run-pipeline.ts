import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Workspace } from '@signwright/testkit';
import { peer } from '../../peers.ts';

/** What a pipeline of a consumer's project came to, on gitlab-ci-local. */
export type Pipeline = {
  readonly status: number;
  /** All that was said: of the emulator and of the jobs, whose lines begin with their names. */
  readonly log: string;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
};

export type PipelineOptions = {
  /** As the project's or the pipeline's variables. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  /** `true`: each job has what is committed and what jobs before it left as artifacts, and nothing else. */
  readonly isolated?: boolean;
  /** Of the runner. */
  readonly env?: Readonly<Record<string, string>>;
};

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The command line in one file, as a release has it. */
export const CLI: string = join(ROOT, 'packages/apps/cli/bundle/signwright.cjs');
const HOST = 'https://gitlab.acme.example';
/** Where consumers find the components: `$CI_SERVER_FQDN/acme/signwright/NAME@1.0.0`. */
const COMPONENTS = 'acme/signwright';
const LONGEST_MS = 110_000;

/** The digest consumers name. */
export function cliSha256(): string {
  return createHash('sha256').update(readFileSync(CLI)).digest('hex');
}

let room: { readonly components: string; readonly cache: string } | undefined;

/** A repository with `templates/` as it is and a release 1.0.0, once a process. */
function componentProject(): NonNullable<typeof room> {
  if (room !== undefined) return room;
  const folder = mkdtempSync(join(tmpdir(), 'signwright-components-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const components = join(folder, 'signwright');
  cpSync(join(ROOT, 'templates'), join(components, 'templates'), { recursive: true });
  git(components, 'init', '--quiet', '--initial-branch=main');
  git(components, 'add', '--all');
  git(components, 'commit', '--quiet', '--message=Release');
  git(components, 'tag', '1.0.0');
  room = { components, cache: join(folder, 'cache') };
  return room;
}

function git(folder: string, ...args: string[]): void {
  const person = ['-c', 'user.name=ann', '-c', 'user.email=ann@acme.example', '-c', 'commit.gpgsign=false'];
  execFileSync('git', ['-C', folder, ...person, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs all jobs of `.gitlab-ci.yml`, which includes the components from another project for real. */
export async function runPipeline(at: Workspace, yaml: string, options: PipelineOptions = {}): Promise<Pipeline> {
  const { components, cache } = componentProject();
  at.write('.gitlab-ci.yml', yaml);
  if (!at.has('.git')) {
    git(at.directory, 'init', '--quiet', '--initial-branch=main');
    git(at.directory, 'remote', 'add', 'origin', `${HOST}/acme/app.git`);
  }
  git(at.directory, 'add', '--force', ...(options.isolated ? ['.', ':!.gitlab-ci-local'] : ['.gitlab-ci.yml']));
  git(at.directory, 'commit', '--quiet', '--allow-empty', '--message=Change');
  const { status, said } = await emulate(at.directory, argumentsOf(options), {
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    HOME: at.directory,
    XDG_CACHE_HOME: cache,
    NO_COLOR: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${pathToFileURL(components).href}.insteadOf`,
    GIT_CONFIG_VALUE_0: `${HOST}/${COMPONENTS}.git`,
    ...options.env,
  });
  return { status, log: said, passed: marked(said, 'PASS'), failed: marked(said, 'FAIL') };
}

function argumentsOf({ variables = {}, unset = [], isolated = false }: PipelineOptions): string[] {
  const all = { GITLAB_CI: 'true', CI_SERVER_URL: HOST.replace('https', 'http'), CI_PROJECT_ID: '20', ...variables };
  return [
    '--force-shell-executor',
    ...(isolated ? ['--shell-isolation'] : []),
    '--ignore-predefined-vars',
    Object.keys(all).join(','),
    ...Object.entries(all).flatMap(([name, value]) => ['--variable', `${name}=${value.replaceAll('$', '$$$$')}`]),
    ...unset.flatMap((name) => ['--unset-variable', name]),
  ];
}

function emulate(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ status: number; said: string }>((resolve) => {
    const options = { cwd, env, maxBuffer: 16 * 1024 * 1024, timeout: LONGEST_MS };
    execFile(peer('gitlab-ci-local'), [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, said: stdout + stderr });
    });
  });
}

/** The jobs in the emulator's last lines, ` PASS  name`. */
function marked(log: string, word: 'PASS' | 'FAIL'): string[] {
  return [...log.matchAll(new RegExp(`^ ${word}  (\\S+)`, 'gm'))].map(([, name]) => name as string);
}
