import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The extension as its users get it. */
export const EXTENSION: string = fileURLToPath(new URL('../../packages/adapters/azure-devops-extension/bundle', import.meta.url));

export type AzureStep = {
  readonly inputs: Readonly<Record<string, string>>;
  /** Of the job, by their names in capitals. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The task's folder; the one that was built unless told. */
  readonly task?: string;
  /** The Node of the handler; the one that runs the tests unless told. */
  readonly node?: string;
  /** What the job's token is. */
  readonly token?: string;
};

/** A command that the agent took from the log. */
export type VsoCommand = {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
};

export type AzureRun = {
  /** `Succeeded` or `Failed`, as the agent decides. */
  readonly result: string;
  readonly exitCode: number | null;
  readonly commands: readonly VsoCommand[];
  /** What the log shows: masked, without debug lines. */
  readonly log: string;
  /** All that the task printed. */
  readonly raw: string;
  /** Output variables. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Texts that were shown as the run's summary. */
  readonly summaries: readonly string[];
};

type Task = { readonly inputs: readonly { readonly name: string; readonly defaultValue: string }[] };

const LONGEST_MS = 120_000;

/**
 * Runs the bundled task as an agent does: inputs with their defaults and the job's variables in the environment, commands read from
 * the log, the result from `task.complete`, or from the exit code where there is none.
 */
export async function runAzureTask(step: AzureStep): Promise<AzureRun> {
  const folder = step.task ?? join(EXTENSION, 'Signwright/V1');
  const temporary = mkdtempSync(join(tmpdir(), 'signwright-agent-'));
  try {
    const { inputs } = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as Task;
    const unknown = Object.keys(step.inputs).find((name) => !inputs.some((input) => input.name === name));
    if (unknown !== undefined) throw new Error(`task.json has no input ${unknown}`);
    const given = inputs.map(
      ({ name, defaultValue }) => [`INPUT_${name.toUpperCase()}`, step.inputs[name] ?? defaultValue] as const,
    );
    mkdirSync(join(temporary, 'home'));
    const env = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: join(temporary, 'home'),
      TF_BUILD: 'True',
      AGENT_TEMPDIRECTORY: temporary,
      SYSTEM_DEFAULTWORKINGDIRECTORY: step.workingDirectory,
      ...(step.token === undefined ? {} : { ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: step.token }),
      ...step.variables,
      ...Object.fromEntries(given.filter(([, value]) => value !== '')),
    };
    const { exitCode, raw } = await start(step.node ?? process.execPath, join(folder, 'main.cjs'), env);
    return seen(raw, exitCode);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function start(node: string, target: string, env: Record<string, string>): Promise<{ exitCode: number | null; raw: string }> {
  const child = spawn(node, [target], { env, cwd: env['SYSTEM_DEFAULTWORKINGDIRECTORY'], timeout: LONGEST_MS });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, raw: Buffer.concat(chunks).toString('utf8') }));
  });
}

function seen(raw: string, exitCode: number | null): AzureRun {
  const lines = raw.split(/\r\n|\r|\n/);
  const read = lines.map((line) => ({ line, command: commandIn(line) }));
  const commands = read.flatMap(({ command }) => (command === undefined ? [] : [command]));
  const of = (name: string): VsoCommand[] => commands.filter(({ command }) => command === name);
  const secrets = of('task.setsecret').map(({ data }) => data);
  const told = of('task.complete').map(({ properties }) => properties['result'] ?? '');
  const shown = read.flatMap(({ line, command }) => (command === undefined ? [line] : shownOf(command)));
  return {
    result: told.includes('Failed') || exitCode !== 0 ? 'Failed' : (told.at(-1) ?? 'Succeeded'),
    exitCode,
    commands,
    raw,
    log: secrets.reduce((text, secret) => text.replaceAll(secret, '***'), shown.join('\n')),
    outputs: Object.fromEntries(of('task.setvariable').map(({ properties, data }) => [properties['variable'], data])),
    summaries: of('task.uploadsummary').map(({ data }) => readFileSync(data, 'utf8')),
  };
}

/** The agent looks for the mark anywhere in a line. */
function commandIn(line: string): VsoCommand | undefined {
  const [, command, properties = '', data = ''] = /##vso\[(\S+?)(?: ([^\]]*))?\](.*)$/s.exec(line) ?? [];
  if (command === undefined) return undefined;
  const pairs = properties.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), plain(pair.slice(at + 1))] as const];
  });
  return { command, properties: Object.fromEntries(pairs), data: plain(data) };
}

function plain(text: string): string {
  const said: Readonly<Record<string, string>> = { '%0D': '\r', '%0A': '\n', '%5D': ']', '%3B': ';', '%AZP25': '%' };
  return text.replace(/%(0D|0A|5D|3B|AZP25)/g, (mark) => said[mark] ?? mark);
}

function shownOf({ command, properties, data }: VsoCommand): string[] {
  return command === 'task.issue' || command === 'task.logissue' ? [`##[${properties['type']}]${data}`] : [];
}
