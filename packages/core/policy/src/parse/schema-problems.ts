import type { Json } from '@signwright/signing-core';
import { type Path, type Problem, shown } from '../problem.ts';
import { nearestWord } from './nearest-word.ts';
import type { SchemaError } from './schema-error.ts';
import { problemAt, problemAtKey, type Source } from './source.ts';

type Schema = { readonly [key: string]: unknown };

/**
 * The errors of the schema as problems for people: one for each thing that is wrong, never the alternatives that a validator
 * tried on its way.
 */
export function schemaProblems(source: Source, errors: readonly SchemaError[], schemaText: string): Problem[] {
  const schema = JSON.parse(schemaText) as Schema;
  const told = new Set<string>();
  const problems: Problem[] = [];
  for (const error of errors) {
    if (isNoise(error)) continue;
    const path = pathOf(error.instancePath, source.value);
    const problem = problemOf(source, path, error, schema);
    const once = `${problem.path} ${problem.message}`;
    if (!told.has(once)) problems.push(problem);
    told.add(once);
  }
  return problems;
}

/** Errors inside an alternative or about a key's own letters: the error of what surrounds them says it. */
function isNoise(error: SchemaError): boolean {
  return /\/(?:oneOf|anyOf|not)\//.test(error.schemaPath) || error.propertyName !== undefined || error.keyword === 'if';
}

function problemOf(source: Source, path: Path, error: SchemaError, root: Schema): Problem {
  const schema = schemaFor(root, path, error.schemaPath);
  const value = valueAt(source.value, path);
  const params = error.params;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const allowed = Object.keys(schema['properties'] ?? {});
      return problemAtKey(source, [...path, key], `unknown key; ${allowedText(allowed)}`, nearestWord(key, allowed));
    }
    case 'propertyNames':
      return problemAtKey(
        source,
        [...path, String(params['propertyName'])],
        `not a name: allowed is ${schemaTitle(root, schema['propertyNames'])}`,
      );
    case 'required':
      return problemAt(source, path, `the key "${String(params['missingProperty'])}" is missing`);
    case 'dependentRequired':
      return problemAt(
        source,
        path,
        `the key "${String(params['missingProperty'])}" is missing, which "${String(params['property'])}" needs`,
      );
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      const near = typeof value === 'string' ? nearestWord(value, allowed) : undefined;
      return problemAt(source, path, `found ${shown(value)}; ${allowedText(allowed)}`, near);
    }
    case 'oneOf':
    case 'anyOf':
      return problemAt(source, path, alternatives(error.keyword, value, schema));
    case 'uniqueItems':
      return problemAt(source, [...path, Number(params['i'])], `found ${shown((value as Json[])[Number(params['i'])])} twice`);
    case 'minItems':
      return problemAt(source, path, 'the list is empty: leave the key out, or give at least one');
    case 'maxProperties':
      return problemAt(source, path, `there are more than ${String(params['limit'])} entries`);
    case 'maxItems':
      return problemAt(source, path, `the list has more than ${String(params['limit'])} entries`);
    case 'minProperties':
      return problemAt(source, path, 'nothing is given: give at least one key');
    default:
      return problemAt(source, path, `found ${shown(value)}; ${expected(schema, value)}`);
  }
}

/** What a value should have been: by the title of its definition, else by its type. */
function expected(schema: Schema, value: unknown): string {
  const title = schema['title'];
  const examples = (schema['examples'] ?? []) as unknown[];
  const example = examples.length === 0 ? '' : `, such as ${examples.map(String).join(' or ')}`;
  const types = [schema['type']].flat().map((type) => TYPE_WORDS[type as string] ?? 'something else');
  const quoted = typeof value === 'number' && types.includes('text') ? ' (put it in quotes)' : '';
  return `allowed is ${typeof title === 'string' ? title : types.join(' or ')}${example}${quoted}`;
}

const TYPE_WORDS: { readonly [type: string]: string } = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
};

function alternatives(keyword: string, value: unknown, schema: Schema): string {
  const options = (schema[keyword] as Schema[]).flatMap((option) => (option['required'] ?? []) as string[]);
  if (options.length === 0) return `found ${shown(value)}; ${expected(schema, value)}`;
  const given = options.filter((option) => typeof value === 'object' && value !== null && Object.hasOwn(value, option));
  const wanted = keyword === 'oneOf' ? 'exactly one of' : 'at least one of';
  const found = given.length === 0 ? 'none is there' : `found ${given.map((key) => `"${key}"`).join(' and ')}`;
  return `${wanted} ${options.map((key) => `"${key}"`).join(', ')} is needed; ${found}`;
}

function allowedText(allowed: readonly string[]): string {
  return `allowed ${allowed.length === 1 ? 'is' : 'are'} ${allowed.join(', ')}`;
}

function schemaTitle(root: Schema, reference: unknown): string {
  return String(dereference(root, reference as Schema)['title']);
}

/** The schema of the value at a path, and of the `allOf` branch an error's own path leads through. */
function schemaFor(root: Schema, path: Path, schemaPath: string): Schema {
  let at = root;
  for (const step of path) {
    const properties = (at['properties'] ?? {}) as { [key: string]: Schema };
    const inner =
      typeof step === 'number' ? at['items'] : Object.hasOwn(properties, step) ? properties[step] : at['additionalProperties'];
    at = dereference(root, typeof inner === 'object' && inner !== null ? (inner as Schema) : {});
  }
  const branch = /\/allOf\/(\d+)\//.exec(schemaPath);
  return branch === null ? at : { ...at, ...(at['allOf'] as Schema[])[Number(branch[1])] };
}

function dereference(root: Schema, schema: Schema): Schema {
  const name = ((schema['$ref'] ?? '') as string).slice('#/$defs/'.length);
  return name === '' ? schema : { ...(root['$defs'] as { [name: string]: Schema })[name], ...schema };
}

function pathOf(pointer: string, root: Json): Path {
  const path: (string | number)[] = [];
  let at: unknown = root;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(key) : key);
    at = (at as { [key: string]: unknown })[key];
  }
  return path;
}

function valueAt(root: Json, path: Path): unknown {
  let at: unknown = root;
  for (const step of path) at = typeof at === 'object' && at !== null ? (at as { [key: string]: unknown })[step] : undefined;
  return at;
}
