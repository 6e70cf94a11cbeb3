import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { gitlabTemplates } from './adapters/gitlab-templates.ts';
import { inputsPage } from './adapters/inputs-page.ts';
import { jenkinsFiles } from './adapters/jenkins.ts';
import { taskFiles } from './adapters/tasks.ts';
import { referencePage } from './reference-page.ts';
import type { Schema, Source } from './schema.ts';
import { schemaModule } from './schema-module.ts';
import { typesModule } from './types-module.ts';
import { validatorModule } from './validator-module.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SCHEMAS = 'packages/core/policy/schema';
const GENERATED = 'packages/core/policy/src/generated';
/** The files that schemas describe. */
const SOURCES: readonly Source[] = [
  { word: 'policy', what: 'a policy file' },
  { word: 'cases', what: 'a file of cases' },
  { word: 'expectation', what: 'a file of what a release must have' },
];

/** Everything made from the schemas: path from the repository's root → text. */
export async function generateAll(): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const source of SOURCES) {
    const { word } = source;
    const schema = await readSchema(source);
    made.set(`${GENERATED}/${word}-file.ts`, await typesModule(schema, source));
    made.set(`${GENERATED}/${word}-schema.ts`, schemaModule(schema, source));
    made.set(`${GENERATED}/validate-${word}-file.ts`, await validatorModule(schema, source));
    if (word === 'policy') made.set('docs/policy-reference.md', referencePage(schema));
  }
  made.set('docs/adapters.md', inputsPage());
  for (const [path, text] of await gitlabTemplates()) made.set(path, text);
  for (const [path, text] of taskFiles(await versionOf('packages/apps/cli'))) made.set(path, text);
  for (const [path, text] of await jenkinsFiles()) made.set(path, text);
  return made;
}

async function versionOf(folder: string): Promise<string> {
  return (JSON.parse(await readFile(resolve(ROOT, folder, 'package.json'), 'utf8')) as { version: string }).version;
}

async function readSchema({ word }: Source): Promise<Schema> {
  return JSON.parse(await readFile(resolve(ROOT, SCHEMAS, `${word}.schema.json`), 'utf8')) as Schema;
}

/** The generated files that are not what the schema makes them. */
export async function drifted(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of await generateAll()) {
    const present = await readFile(resolve(ROOT, path), 'utf8').catch(() => undefined);
    if (present !== text) stale.push(path);
  }
  return stale;
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const stale = await drifted();
    for (const path of stale) console.error(`${path} is not what the schemas in ${SCHEMAS} make it: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const [path, text] of await generateAll()) {
    await mkdir(dirname(resolve(ROOT, path)), { recursive: true });
    await writeFile(resolve(ROOT, path), text);
  }
}

if (import.meta.main) await main();
