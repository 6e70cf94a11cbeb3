// node tools/bundle/adapters.ts NAME: lays out in packages/adapters/NAME/bundle what users of that adapter install: its program, for
// Node 20 and newer, and beside it the launcher and the command line, whose SHA-256 is compiled into the program.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = 'packages/apps/cli/bundle/signwright.cjs';
const LAUNCHER = 'packages/adapters/launcher/launch.cjs';

/** What lies in a folder of the adapter, and where its program goes. */
const ADAPTERS: Readonly<Record<string, { readonly program: string; readonly copied: readonly string[] }>> = {
  'github-action': { program: '.', copied: ['action.yml'] },
  'azure-devops-extension': {
    program: 'Signwright/V1',
    copied: ['Signwright', 'templates', 'vss-extension.json', 'overview.md'],
  },
};

const name = process.argv[2] ?? '';
const adapter = ADAPTERS[name];
if (adapter === undefined) throw new Error(`"${name}" is none of ${Object.keys(ADAPTERS).join(', ')}`);

const folder = join(ROOT, 'packages/adapters', name);
const made = join(folder, 'bundle');
const beside = join(made, adapter.program);

rmSync(made, { recursive: true, force: true });
mkdirSync(made);
for (const file of adapter.copied) cpSync(join(folder, file), join(made, file), { recursive: true });
cpSync(join(ROOT, 'LICENSE'), join(made, 'LICENSE'));
cpSync(join(ROOT, LAUNCHER), join(beside, 'launch.cjs'));
for (const ending of ['', '.LEGAL.txt']) cpSync(join(ROOT, `${COMMAND}${ending}`), join(beside, `signwright.cjs${ending}`));

const sha256 = createHash('sha256')
  .update(readFileSync(join(beside, 'signwright.cjs')))
  .digest('hex');
await build({
  entryPoints: [join(folder, 'dist/main.js')],
  outfile: join(beside, 'main.cjs'),
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.20',
  legalComments: 'linked',
  logLevel: 'warning',
  define: { SIGNWRIGHT_CLI_SHA256: JSON.stringify(sha256), 'import.meta.dirname': '__dirname' },
});
