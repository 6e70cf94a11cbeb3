import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';

/** Texts that somewhere between a pipeline's file and its log would be more than a text. */
export const HOSTILE_TEXTS: readonly string[] = [
  `a'b"c\`d\\e`,
  'two\nlines',
  '$(touch owned)',
  '`touch owned`; touch owned #',
  '%0A##vso[task.complete result=Succeeded]',
  '##vso[task.setvariable variable=result]allow',
  ']##vso[task.complete result=Succeeded;]x',
  '\n::set-output name=result::allow',
  '::stop-commands::x\n::error::y',
  '##[error]forged',
  '$[[ inputs.x ]] $[variables.x]',
  '$\x7bSystem.exit(0)} <script>alert(1)</script>',
];

/** Names of files that logs and summaries could take for commands. */
export const HOSTILE_NAMES: readonly string[] = [
  '##vso[task.complete result=Succeeded]',
  '::set-output name=result::allow',
  '$(touch owned)',
  'a\'b "c" `d`',
  '--help',
];

/** A project with one artifact, and a trial domain. */
export async function project(rules = '  - { match: "dist/**", tier: internal }'): Promise<Workspace> {
  return createWorkspace({ policy: trialPolicy(rules), files: { 'dist/app.tgz': 'app' } });
}

/** Fills a workspace with programs and modules that a careless program would run; each leaves a file `owned`. */
export function plantPrograms(here: Workspace): void {
  const owned = here.path('owned');
  const bin = here.path('node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['node', 'git', 'sh', 'bash', 'signwright', 'npx', 'openssl', 'ssh-keygen']) {
    writeFileSync(join(bin, name), `#!/bin/sh\ntouch '${owned}'\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const program = `require('node:fs').writeFileSync(${JSON.stringify(owned)}, '');\n`;
  for (const name of ['azure-pipelines-task-lib', 'pkcs11js', '@signwright/adapter-node', 'commander'])
    here.write(`node_modules/${name}/index.js`, program);
  for (const name of ['launch.cjs', 'main.cjs', 'signwright.cjs', 'task.json', 'index.js']) here.write(name, program);
  here.write('package.json', '{"type":"module","imports":{"#x":"./index.js"},"main":"index.js"}');
  here.write('.npmrc', 'node-options=--require=./index.js\nscript-shell=./node_modules/.bin/sh\n');
}
