import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { referencePage } from './reference-page.ts';
import type { Schema } from './schema.ts';
import { schemaModule } from './schema-module.ts';
import { typesModule } from './types-module.ts';
import { validatorModule } from './validator-module.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SCHEMA = 'packages/core/policy/schema/policy.schema.json';
const GENERATED = 'packages/core/policy/src/generated';

/** Everything made from the policy's schema: path from the repository's root → text. */
export async function generateAll(): Promise<ReadonlyMap<string, string>> {
  const schema = JSON.parse(await readFile(resolve(ROOT, SCHEMA), 'utf8')) as Schema;
  return new Map([
    [`${GENERATED}/policy-file.ts`, await typesModule(schema)],
    [`${GENERATED}/policy-schema.ts`, schemaModule(schema)],
    [`${GENERATED}/validate-policy-file.ts`, await validatorModule(schema)],
    ['docs/policy-reference.md', referencePage(schema)],
  ]);
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
    for (const path of stale) console.error(`${path} is not what ${SCHEMA} makes it: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const [path, text] of await generateAll()) {
    await mkdir(dirname(resolve(ROOT, path)), { recursive: true });
    await writeFile(resolve(ROOT, path), text);
  }
}

if (import.meta.main) await main();
