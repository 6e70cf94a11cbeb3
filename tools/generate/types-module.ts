import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { bannerOf, type Schema, type Source, typeOf } from './schema.ts';

/** The TypeScript types of what a schema describes. Cross-field rules (`oneOf`, `if`) are left to the validator: types say shapes. */
export async function typesModule(schema: Schema, source: Source): Promise<string> {
  const shapes = {
    ...shapeOf(schema),
    required: (schema.required ?? []).filter((key) => schema.properties?.[key] !== undefined),
  };
  const text = await compile(shapes as JSONSchema, typeOf(source), {
    additionalProperties: false,
    bannerComment: '',
    format: true,
    style: { printWidth: 130, singleQuote: true },
    unreachableDefinitions: false,
  });
  return `${bannerOf(source)}\n${text}`;
}

const NOT_A_SHAPE = new Set([
  '$schema',
  '$id',
  'title',
  'examples',
  'default',
  'oneOf',
  'anyOf',
  'allOf',
  'if',
  'then',
  'propertyNames',
]);
const NO_LENGTHS = new Set(['minItems', 'maxItems', 'minProperties', 'maxLength', 'pattern', 'format']);

function shapeOf(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !NOT_A_SHAPE.has(key) && !NO_LENGTHS.has(key))
      .map(([key, value]) => [
        key,
        key === 'properties' || key === '$defs' ? mapShapes(value) : isSchema(value) ? shapeOf(value) : value,
      ]),
  ) as Schema;
}

function mapShapes(schemas: unknown): unknown {
  return Object.fromEntries(Object.entries(schemas as Record<string, Schema>).map(([name, schema]) => [name, shapeOf(schema)]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
