import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkBoundaries } from './check.ts';
import { readWorkspace } from './workspace.ts';

type Files = Record<string, string>;
type PackageOptions = { dependencies?: object; devDependencies?: object; references?: readonly string[] };

const rooms: string[] = [];
afterEach(() => {
  for (const room of rooms.splice(0)) rmSync(room, { recursive: true, force: true });
});

/** A package of version 1.0.0 whose manifest and tsconfig say what `options` say. */
function pack(folder: string, name: string, { references = [], ...dependencies }: PackageOptions = {}): Files {
  return {
    [`${folder}/package.json`]: JSON.stringify({ name, version: '1.0.0', ...dependencies }),
    [`${folder}/tsconfig.json`]: JSON.stringify({ references: references.map((path) => ({ path })) }),
  };
}

const onCore: PackageOptions = { dependencies: { '@w/core': '1.0.0' }, references: ['../../core/signing-core'] };
const IMPORT_CORE = "import type { Signer } from '@w/core';\n";

const SOUND: Files = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '5.0.0' } }),
  ...pack('packages/core/signing-core', '@w/core', { dependencies: { canonicalize: '5.1.0' } }),
  'packages/core/signing-core/src/index.ts':
    "import { sign } from 'node:crypto';\nimport c from 'canonicalize';\nexport * from './sign.ts';\n",
  'packages/core/signing-core/tests/vectors.ts': "import { readFileSync } from 'node:fs';\n",
  'packages/core/signing-core/src/sign.test.ts': "import { readFileSync } from 'node:fs';\nimport { test } from 'vitest';\n",
  ...pack('packages/signers/file', '@w/file', { ...onCore, devDependencies: { '@w/testkit': '1.0.0' } }),
  'packages/signers/file/src/index.ts': IMPORT_CORE,
  'packages/signers/file/src/index.test.ts': "import { contract } from '@w/testkit';\n",
  ...pack('packages/services/storage', '@w/storage', onCore),
  'packages/services/storage/src/index.ts': IMPORT_CORE,
  ...pack('packages/services/evidence', '@w/evidence', onCore),
  'packages/services/evidence/src/index.ts': IMPORT_CORE,
  ...pack('packages/apps/cli', 'w', {
    dependencies: { '@w/core': '1.0.0', '@w/file': '1.0.0', '@w/storage': '1.0.0' },
    references: ['../../core/signing-core', '../../signers/file', '../../services/storage/tsconfig.json'],
  }),
  'packages/apps/cli/src/main.ts': `${IMPORT_CORE}const s = await import('@w/storage');\ntype F = import('@w/file').F;\n`,
  ...pack('packages/adapters/node', '@w/adapter'),
  'packages/adapters/node/src/index.ts': "import { spawn } from 'node:child_process';\n",
  ...pack('packages/adapters/action', '@w/action', { dependencies: { '@w/adapter': '1.0.0' }, references: ['../node'] }),
  'packages/adapters/action/src/index.ts': "import { runStep } from '@w/adapter';\n",
  ...pack('packages/testkit', '@w/testkit', { dependencies: { '@w/core': '1.0.0' }, references: ['../core/signing-core'] }),
  'packages/testkit/src/index.ts': IMPORT_CORE,
  'tools/build/main.ts': "import { x } from '@w/core';\nimport './step.ts';\n",
  'e2e/sign.test.ts': "import { x } from '../tools/build/step.ts';\nimport { test } from 'vitest';\n",
};

/** What the check says, a line each, about the sound workspace with some files changed. */
function check(changed: Files): string[] {
  const root = mkdtempSync(join(tmpdir(), 'signwright-boundaries-'));
  rooms.push(root);
  for (const [path, text] of Object.entries({ ...SOUND, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkBoundaries(readWorkspace(root)).map(({ where, what, fix }) => `${where}: ${what} → ${fix}`);
}

/** Adds a line to a file of the sound workspace. */
const add = (path: string, line: string): Files => ({ [path]: `${SOUND[path] ?? ''}${line}\n` });

test('a sound workspace passes', () => {
  expect(check({})).toEqual([]);
});

const CORE = 'packages/core/signing-core/src/index.ts';
const EVIDENCE = 'packages/services/evidence/src/index.ts';
const CLI = 'packages/apps/cli/src/main.ts';

test.each([
  ['a type import', "import type { S } from '@w/storage';"],
  ['an import for its effect', "import '@w/storage';"],
  ['an export from', "export { s } from '@w/storage';"],
  ['an export of everything', "export * as all from '@w/storage';"],
  ['a dynamic import', "const s = await import('@w/storage');"],
  ['a dynamic import by a template', 'const s = await import(`@w/storage`);'],
  ['an import type', "type S = import('@w/storage').S;"],
  ['a typeof import', "type S = typeof import('@w/storage');"],
  ['a require', "const s = require('@w/storage');"],
  ['an import by require', "import s = require('@w/storage');"],
  ['a resolved path', "const s = import.meta.resolve('@w/storage');"],
])('a sibling is seen through %s', (_, line) => {
  const said = check(add(EVIDENCE, line));
  expect(said).toContainEqual(
    expect.stringMatching(/^packages\/services\/evidence\/src\/index\.ts:2: services\/ imports services\/.*port/),
  );
});

test('siblings may not meet in tests either', () => {
  const said = check({ 'packages/services/evidence/src/a.test.ts': "import { s } from '@w/storage';\n" });
  expect(said).toEqual([expect.stringContaining('src/a.test.ts:1: services/ imports services/: packages/services/storage')]);
});

test.each([
  ['core importing a signer', CORE, '@w/file', 'core/ imports signers/'],
  ['a service importing a signer', EVIDENCE, '@w/file', 'services/ imports signers/'],
  ['a service importing an app', EVIDENCE, 'w', 'services/ imports apps/'],
  ['testkit importing a service', 'packages/testkit/src/index.ts', '@w/storage', 'testkit/ imports services/'],
  ['an adapter importing core', 'packages/adapters/action/src/index.ts', '@w/core', 'adapters/ imports core/'],
])('%s points the wrong way', (_, path, name, what) => {
  expect(check(add(path, `import type { X } from '${name}';`))).toContainEqual(expect.stringMatching(`^${path}:\\d+: ${what}`));
});

test('adapters share one package, and import nothing of one another', () => {
  const task = pack('packages/adapters/task', '@w/task', { dependencies: { '@w/action': '1.0.0' }, references: ['../action'] });
  expect(check({ ...task, 'packages/adapters/task/src/index.ts': "import '@w/action';\n" })).toEqual([
    expect.stringContaining('task/src/index.ts:1: adapters/ imports adapters/: packages/adapters/action'),
  ]);
  expect(check(add('packages/adapters/node/src/index.ts', "import '@w/action';"))).toContainEqual(
    expect.stringContaining('node/src/index.ts:2: adapters/ imports adapters/: packages/adapters/action'),
  );
  expect(check(add(CLI, "import '@w/adapter';"))).toContainEqual(
    expect.stringContaining('main.ts:4: apps/ imports adapters/: packages/adapters/node'),
  );
});

test('a source that imports testkit is refused', () => {
  expect(check(add(EVIDENCE, "import '@w/testkit';"))).toContainEqual(
    expect.stringContaining('index.ts:2: a source imports testkit'),
  );
});

test('core may use node:crypto and no other part of Node, with or without its prefix', () => {
  for (const name of ['node:fs', 'fs', 'fs/promises', 'node:net', 'node:util']) {
    expect(check(add(CORE, `import x from '${name}';`))).toEqual([expect.stringContaining(`index.ts:4: core imports "${name}"`)]);
  }
});

test.each(['Date.now()', 'new Date()', "process.env['HOME']", "fetch('https://x')", 'performance.now()'])(
  'core that uses %s is not pure',
  (use) => {
    expect(check(add(CORE, `const x = ${use};`))).toEqual([expect.stringContaining('index.ts:4: core uses ')]);
  },
);

test('core may make a date of a number it was given', () => {
  expect(check(add(CORE, 'const x = new Date(5);'))).toEqual([]);
});

test('reaching into another package is refused, by name and by path', () => {
  expect(check(add(CLI, "import '@w/core/src/sign.ts';"))).toEqual([
    expect.stringContaining('reaches into packages/core/signing-core'),
  ]);
  expect(check(add(CLI, "import '../../../core/signing-core/src/sign.ts';"))).toEqual([
    expect.stringContaining('leaves packages/apps/cli'),
  ]);
  expect(check(add(CLI, "import '/etc/x.ts';"))).toEqual([expect.stringContaining('leaves packages/apps/cli')]);
  expect(check(add('tools/build/main.ts', "import '../../packages/core/signing-core/src/sign.ts';"))).toEqual([
    expect.stringContaining('tools/build/main.ts:3: "../../packages/core/signing-core/src/sign.ts" leaves tools/ and e2e/'),
  ]);
  expect(check(add('e2e/sign.test.ts', "import '@w/core/dist/sign.js';"))).toEqual([
    expect.stringContaining('e2e/sign.test.ts:3'),
  ]);
});

test('the generator of a package may read its sources, and no other', () => {
  expect(check({ 'tools/generate/main.ts': "import '../../packages/core/policy/src/a.ts';\n" })).toEqual([]);
  expect(check({ 'tools/generate/main.ts': "import '../../packages/core/signing-core/src/a.ts';\n" })).toHaveLength(1);
});

test('the table of inputs may be read where adapters are made and tried, and nowhere else', () => {
  const table = (program: string): Files => ({ [program]: "import '../../packages/apps/cli/src/job/inputs.ts';\n" });
  expect(check({ 'tools/generate/adapters/a.ts': "import '../../../packages/apps/cli/src/job/inputs.ts';\n" })).toEqual([]);
  expect(check({ 'tools/generate/adapters/a.ts': "import '../../../packages/apps/cli/src/job/result.ts';\n" })).toHaveLength(1);
  expect(check(table('e2e/adapters/drive.ts'))).toEqual([]);
  expect(check(table('e2e/bench/drive.ts'))).toHaveLength(1);
  expect(check(table('tools/build/drive.ts'))).toHaveLength(1);
});

test('a package that imports itself by name is refused', () => {
  expect(check(add(CORE, "import '@w/core';"))).toContainEqual(expect.stringContaining('imports itself'));
});

test('an undeclared import is refused although npm hoists it', () => {
  expect(check(add(EVIDENCE, "import x from 'canonicalize';"))).toEqual([
    expect.stringContaining('imports "canonicalize", which its package does not declare'),
  ]);
  expect(check(add(EVIDENCE, "import { test } from 'vitest';"))).toEqual([expect.stringContaining('imports "vitest"')]);
  const undeclared = pack('packages/services/evidence', '@w/evidence', { references: ['../../core/signing-core'] });
  expect(check(undeclared)).toEqual([
    expect.stringContaining('add "@w/core": "1.0.0" to dependencies of packages/services/evidence/package.json'),
  ]);
  expect(check(add('tools/build/main.ts', "import x from 'left-pad';"))).toEqual([
    expect.stringContaining('the workspace does not declare'),
  ]);
});

test('a dependency that nothing imports, or tests alone, is refused', () => {
  const dependencies = { '@w/core': '1.0.0', jose: '6.2.0' };
  const manifest = pack('packages/services/evidence', '@w/evidence', { ...onCore, dependencies });
  expect(check(manifest)).toEqual([expect.stringContaining('package.json: declares "jose", which no source imports')]);
  expect(check({ ...manifest, 'packages/services/evidence/src/a.test.ts': "import 'jose';\n" })).toEqual([
    expect.stringContaining('package.json: only tests import "jose" → move it to "devDependencies"'),
  ]);
  const idle = pack('packages/services/evidence', '@w/evidence', { ...onCore, devDependencies: { '@w/testkit': '1.0.0' } });
  expect(check(idle)).toEqual([expect.stringContaining('declares "@w/testkit", which no test imports')]);
});

test('types that lie in a package of their own are declared as that package', () => {
  const dependencies = { '@w/core': '1.0.0', '@types/sarif': '2.1.7' };
  const manifest = pack('packages/services/evidence', '@w/evidence', { ...onCore, dependencies });
  expect(check({ ...manifest, ...add(EVIDENCE, "import type { Log } from 'sarif';") })).toEqual([]);
  expect(check(manifest)).toEqual([expect.stringContaining('declares "@types/sarif", which no source imports')]);
});

test('a devDependency that a source imports is refused', () => {
  const manifest = pack('packages/services/evidence', '@w/evidence', { ...onCore, devDependencies: { jose: '6.2.0' } });
  expect(check({ ...manifest, ...add(EVIDENCE, "import 'jose';") })).toEqual([
    expect.stringContaining('a source imports "jose", a devDependency'),
  ]);
});

test('versions are exact, and those of neighbours are theirs', () => {
  const loose = { ...onCore, dependencies: { '@w/core': '^1.0.0' } };
  expect(check(pack('packages/services/evidence', '@w/evidence', loose))).toEqual([
    expect.stringContaining('"@w/core": "^1.0.0" is not pinned'),
  ]);
});

test('references are what the sources import: none missing, none left over', () => {
  const without = pack('packages/services/evidence', '@w/evidence', { ...onCore, references: [] });
  expect(check(without)).toEqual([
    expect.stringContaining('evidence/tsconfig.json: its sources import packages/core/signing-core'),
  ]);
  const extra = pack('packages/services/evidence', '@w/evidence', {
    ...onCore,
    references: ['../../core/signing-core', '../../testkit'],
  });
  expect(check(extra)).toEqual([
    expect.stringContaining('evidence/tsconfig.json: refers to packages/testkit, which no source imports'),
  ]);
});

test('a module named at run time cannot be judged, so a source may not', () => {
  expect(check(add(CLI, 'const s = await import(name);'))).toEqual([
    expect.stringContaining('main.ts:4: imports a module by a computed name'),
  ]);
  expect(check({ 'packages/apps/cli/bin/w.js': 'await import(program.href);' })).toEqual([]);
});

test('names in comments and strings are no imports', () => {
  expect(check(add(EVIDENCE, "// import '@w/storage'\nconst s = \"import('@w/storage')\";"))).toEqual([]);
});

test('a file that does not parse stops the check', () => {
  expect(() => check(add(EVIDENCE, 'import {'))).toThrow(/packages\/services\/evidence\/src\/index\.ts/);
});
