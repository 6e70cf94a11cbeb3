import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { PeerName } from '../../tools/peers/peers.ts';
import { peer } from '../peers.ts';

/** What a build is given. */
export type Build = {
  readonly workspace: string;
  /** The pipeline script. */
  readonly script: string;
  /** Variables of the job, beside those of the controller. */
  readonly variables: Readonly<Record<string, string>>;
  /** Secret texts by the id of their credential. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Who answers each input, in turn; nobody where there are none. */
  readonly answers?: readonly string[];
  /** A program that runs while the pipeline sleeps: people do things then. */
  readonly asleep?: readonly string[];
};

/** What it came to. */
export type Built = {
  readonly succeeded: boolean;
  readonly log: string;
  /** Those the build set too. */
  readonly variables: Readonly<Record<string, string>>;
};

export const LIBRARY: string = resolve(import.meta.dirname, '../../packages/adapters/jenkins-library');

const LONGEST_MS = 600_000;
const OPENED = ['lang', 'util', 'io', 'net', 'util.regex', 'util.concurrent', 'util.concurrent.atomic'];
const OPTIONS = OPENED.flatMap((name) => ['--add-opens', `java.base/java.${name}=ALL-UNNAMED`]);
const runFile = promisify(execFile);

/** Runs a peer in the library's folder to its end. @throws with all it said where it fails. @returns stdout. */
export async function runPeer(name: PeerName, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, NO_COLOR: '1' };
  const options = { cwd: LIBRARY, env, timeout: LONGEST_MS, maxBuffer: 64 * 1024 * 1024 };
  try {
    return (await runFile(peer(name), args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${name} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

let compiled: Promise<string> | undefined;

/** Compiles what stands in for a controller; once, for Maven takes seconds. @returns the class path. */
function classPath(): Promise<string> {
  compiled ??= (async () => {
    const file = join(LIBRARY, 'target/classpath.txt');
    await runPeer('mvn', ['-B', '-q', 'test-compile', 'dependency:build-classpath', `-Dmdep.outputFile=${file}`]);
    return [join(LIBRARY, 'target/test-classes'), readFileSync(file, 'utf8').trim()].join(':');
  })();
  return compiled;
}

/** Runs a build of a pipeline script with the library loaded by its path. */
export async function build(given: Build): Promise<Built> {
  const classes = await classPath();
  const folder = mkdtempSync(join(tmpdir(), 'signwright-jenkins-'));
  try {
    const [asked, answered] = [join(folder, 'build.json'), join(folder, 'built.json')];
    const variables = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: given.workspace, ...given.variables };
    writeFileSync(asked, JSON.stringify({ ...given, variables }));
    const args = [
      ...OPTIONS,
      '-XX:TieredStopAtLevel=1',
      '-Dfile.encoding=UTF-8',
      `-Dsignwright.library=${LIBRARY}`,
      '-cp',
      classes,
    ];
    await runPeer('java', [...args, 'dev.signwright.testing.Scenario', asked, answered]);
    return JSON.parse(readFileSync(answered, 'utf8')) as Built;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${given.workspace}@tmp`, { recursive: true, force: true });
  }
}
