import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockTestRunner } from 'azure-pipelines-task-lib/mock-test.js';
import { build } from 'esbuild';

const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../launcher/launch.cjs', import.meta.url));

export type MockOptions = {
  /** The lines that stand for the command line. */
  readonly program: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that the agent keeps as secrets. */
  readonly secrets?: Readonly<Record<string, string>>;
};

export type Mocked = { readonly runner: MockTestRunner; readonly room: string; remove(): void };

/**
 * Runs the task as Microsoft's mock of the agent does: its own sources in one file, the task library apart, so that the mock can stand
 * for it. It lies inside the package, where the library is found.
 */
export async function runMocked({ program, inputs = {}, env = {}, secrets = {} }: MockOptions): Promise<Mocked> {
  mkdirSync(join(PACKAGE, 'dist'), { recursive: true });
  const room = mkdtempSync(join(PACKAGE, 'dist/mocked-'));
  mkdirSync(join(room, 'work'));
  copyFileSync(LAUNCHER, join(room, 'launch.cjs'));
  copyFileSync(join(PACKAGE, 'Signwright/V1/task.json'), join(room, 'task.json'));
  writeFileSync(join(room, 'signwright.cjs'), program);
  await build({
    entryPoints: [join(PACKAGE, 'src/main.ts')],
    outfile: join(room, 'main.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    conditions: ['source'],
    alias: { 'azure-pipelines-task-lib/task.js': 'azure-pipelines-task-lib/task' },
    external: ['azure-pipelines-task-lib/*'],
    define: {
      SIGNWRIGHT_CLI_SHA256: JSON.stringify(createHash('sha256').update(program).digest('hex')),
      'import.meta.dirname': '__dirname',
    },
  });
  const environment = {
    AGENT_TEMPDIRECTORY: room,
    SYSTEM_DEFAULTWORKINGDIRECTORY: join(room, 'work'),
    SIGNWRIGHT_CACHE: join(room, 'cache'),
    ...env,
    ...Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`SECRET_${name}`, value])),
  };
  writeFileSync(
    join(room, 'test.cjs'),
    `Object.assign(process.env, ${JSON.stringify(environment)});
const { TaskMockRunner } = require('azure-pipelines-task-lib/mock-run');
const runner = new TaskMockRunner(${JSON.stringify(join(room, 'main.cjs'))});
for (const [name, value] of Object.entries(${JSON.stringify(inputs)})) runner.setInput(name, value);
runner.run();`,
  );
  const runner = new MockTestRunner(join(room, 'test.cjs'), join(room, 'task.json'));
  runner.nodePath = process.execPath;
  await runner.runAsync();
  return { runner, room, remove: () => rmSync(room, { recursive: true, force: true }) };
}
