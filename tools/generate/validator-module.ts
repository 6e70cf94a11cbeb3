import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';
import { build } from 'esbuild';
import { bannerOf, type Schema, type Source, typeOf } from './schema.ts';

const HEAD = `// @ts-nocheck
// biome-ignore-all lint: generated
/* oxlint-disable */
import type { SchemaError } from '../parse/schema-error.ts';

`;

function tailOf(source: Source): string {
  return `
/** Checks a value against the schema of ${source.what}: every error, none where it is valid. */
export function validate${typeOf(source)}(value: unknown): readonly SchemaError[] {
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
