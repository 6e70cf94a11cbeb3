import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { referencePage } from './reference-page.ts';
import type { Schema, Source } from './schema.ts';
import { schemaModule } from './schema-module.ts';
import { typesModule } from './types-module.ts';
import { validatorModule } from './validator-module.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SCHEMAS = 'packages/core/policy/schema';
const GENERATED = 'packages/core/policy/src/generated';
const POLICY: Source = { file: 'policy.schema.json', type: 'PolicyFile', what: 'a policy file', text: 'policySchemaText' };
const CASES: Source = { file: 'cases.schema.json', type: 'CasesFile', what: 'a file of cases', text: 'casesSchemaText' };
const EXPECTATION: Source = {
  file: 'expectation.schema.json',
  type: 'ExpectationFile',
  what: 'a file that says what a release must have',
  text: 'expectationSchemaText',
};

/** Everything made from the schemas: path from the repository's root → text. */
export async function generateAll(): Promise<ReadonlyMap<string, string>> {
  const [policy, cases, expectation] = [await readSchema(POLICY), await readSchema(CASES), await readSchema(EXPECTATION)];
  return new Map([
    [`${GENERATED}/policy-file.ts`, await typesModule(policy, POLICY)],
    [`${GENERATED}/policy-schema.ts`, schemaModule(policy, POLICY)],
    [`${GENERATED}/validate-policy-file.ts`, await validatorModule(policy, POLICY)],
    [`${GENERATED}/cases-file.ts`, await typesModule(cases, CASES)],
    [`${GENERATED}/cases-schema.ts`, schemaModule(cases, CASES)],
    [`${GENERATED}/validate-cases-file.ts`, await validatorModule(cases, CASES)],
    [`${GENERATED}/expectation-file.ts`, await typesModule(expectation, EXPECTATION)],
    [`${GENERATED}/expectation-schema.ts`, schemaModule(expectation, EXPECTATION)],
    [`${GENERATED}/validate-expectation-file.ts`, await validatorModule(expectation, EXPECTATION)],
    ['docs/policy-reference.md', referencePage(policy)],
  ]);
}

async function readSchema({ file }: Source): Promise<Schema> {
  return JSON.parse(await readFile(resolve(ROOT, SCHEMAS, file), 'utf8')) as Schema;
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
    for (const path of stale) console.error(`${path} is not what ${SCHEMAS} makes it: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const [path, text] of await generateAll()) {
    await mkdir(dirname(resolve(ROOT, path)), { recursive: true });
    await writeFile(resolve(ROOT, path), text);
  }
}

if (import.meta.main) await main();
