import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';
import { build } from 'esbuild';
import { BANNER, type Schema } from './schema.ts';

const HEAD = `// @ts-nocheck
// biome-ignore-all lint: generated
/* oxlint-disable */
`;
const TAIL = `
/** One thing the schema found. */
export type SchemaError = {
  instancePath: string;
  schemaPath: string;
  keyword: string;
  params: Record<string, unknown>;
  propertyName?: string;
};
/** Checks a value against the policy's schema: every error, none where it is valid. */
export function validatePolicyFile(value: unknown): readonly SchemaError[] {
  return validate(value) ? [] : validate.errors;
}
`;

/** The schema compiled to plain code by ajv, with the little of ajv's run time it needs, so that loading it costs next to nothing. */
export async function validatorModule(schema: Schema): Promise<string> {
  const ajv = new Ajv2020({
    allErrors: true,
    messages: false,
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    code: { source: true, esm: true, lines: false },
  });
  addFormats.default(ajv, ['date', 'date-time', 'uri']);
  const contents = standalone.default(ajv, ajv.compile(schema));
  const bundled = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'validator',
    target: 'es2022',
    platform: 'neutral',
    minify: true,
    legalComments: 'none',
    charset: 'ascii',
  });
  const code = bundled.outputFiles[0]?.text.trim() ?? '';
  return `${BANNER}${HEAD}${code}\nconst validate = validator.validate;${TAIL}`;
}
