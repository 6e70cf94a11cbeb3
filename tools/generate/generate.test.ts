import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { CLAIM_NAMES, KINDS } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { drifted } from './generate.ts';
import type { Schema } from './schema.ts';

const POLICY = resolve(import.meta.dirname, '../../packages/core/policy');
const schema = JSON.parse(readFileSync(`${POLICY}/schema/policy.schema.json`, 'utf8')) as Schema;

describe('what is generated from the schema', () => {
  test('is what is committed', async () => {
    expect(await drifted()).toEqual([]);
  });

  test('imports nothing when it runs', () => {
    const validator = readFileSync(`${POLICY}/src/generated/validate-policy-file.ts`, 'utf8');
    expect(validator).not.toMatch(/^\s*import (?!type )/m);
    const alone = createContext({});
    runInContext(validator.slice(validator.indexOf('"use strict"'), validator.indexOf('\nconst validate =')), alone);
    expect(runInContext('validator.validate({ version: 1, tiers: {}, artifacts: [] })', alone)).toBe(true);
    expect(runInContext('validator.validate({ version: 2 })', alone)).toBe(false);
  });
});

describe('the schema', () => {
  test('has the kinds and claims the signing core has', () => {
    expect(schema.$defs?.['kind']?.enum).toEqual([...KINDS]);
    const claims = Object.keys(schema.$defs?.['workload']?.properties ?? {}).filter(
      (key) => key !== 'issuer' && key !== 'compromised',
    );
    expect(claims).toEqual([...CLAIM_NAMES]);
  });

  test.each(['policy', 'expectation'])('of a %s describes every key, for editors and the reference page', (word) => {
    const one = JSON.parse(readFileSync(`${POLICY}/schema/${word}.schema.json`, 'utf8')) as Schema;
    const bare: string[] = [];
    for (const [name, part] of [['', one] as const, ...Object.entries(one.$defs ?? {})]) {
      for (const [key, value] of Object.entries(part.properties ?? {})) {
        if (value.description === undefined) bare.push(`${name}.${key}`);
      }
    }
    expect(bare).toEqual([]);
  });
});
