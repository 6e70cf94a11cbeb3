import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';
import { build } from 'esbuild';
import { bannerOf, type Schema, type Source } from './schema.ts';

const HEAD = `// @ts-nocheck
// biome-ignore-all lint: generated
/* oxlint-disable */
`;
const ERROR = `
/** One thing the schema found. */
export type SchemaError = {
  instancePath: string;
  schemaPath: string;
  keyword: string;
  params: Record<string, unknown>;
  propertyName?: string;
};`;

function tailOf({ type, what }: Source): string {
  const error = type === 'PolicyFile' ? ERROR : "\nimport type { SchemaError } from './validate-policy-file.ts';";
  return `${error}
/** Checks a value against the schema of ${what}: every error, none where it is valid. */
export function validate${type}(value: unknown): readonly SchemaError[] {
  return validate(value) ? [] : validate.errors;
}
`;
}

/** The schema compiled to plain code by ajv, with the little of ajv's run time it needs, so that loading it costs next to nothing. */
export async function validatorModule(schema: Schema, source: Source): Promise<string> {
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
  return `${bannerOf(source)}${HEAD}${code}\nconst validate = validator.validate;${tailOf(source)}`;
}
