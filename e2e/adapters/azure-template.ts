import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { EXTENSION } from './azure-agent.ts';

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
type Mapping = { readonly [key: string]: Value };
type Parameter = { readonly name: string; readonly type?: string; readonly default?: Value; readonly values?: readonly Value[] };

const WHOLE = /^\$\{\{ parameters\.(\w+) \}\}$/;

/**
 * Expands a pipeline as Azure Pipelines does before anything runs, as far as our files need it: `extends`, templates of steps and of
 * variables, typed parameters, values and lists of steps put in their place. Templates of the repository `signwright` are those of the extension.
 *
 * @throws Error where a parameter is unknown, missing, of another type or none of its values.
 */
export function expandPipeline(file: string): Mapping {
  return expandFile(file, {});
}

function expandFile(file: string, given: Mapping): Mapping {
  const { parameters = [], ...body } = parse(readFileSync(file, 'utf8')) as Mapping & { parameters?: readonly Parameter[] };
  const values = valuesOf(file, parameters, given);
  const { extends: base, ...made } = expand(body, values, file) as Mapping;
  if (base === undefined) return made;
  const { template, parameters: passed = {} } = base as { template: string; parameters?: Mapping };
  return { ...made, ...expandFile(fileOf(template, file), passed) };
}

function valuesOf(file: string, parameters: readonly Parameter[], given: Mapping): Mapping {
  const unknown = Object.keys(given).find((key) => !parameters.some(({ name }) => name === key));
  if (unknown !== undefined) throw new Error(`${file}: unexpected parameter ${unknown}`);
  const values = parameters.map(({ name, type = 'string', default: otherwise, values: allowed }) => {
    const value = given[name] ?? otherwise;
    if (value === undefined) throw new Error(`${file}: a value for the parameter ${name} must be provided`);
    if (!isOf(type, value)) throw new Error(`${file}: the value of the parameter ${name} is no ${type}`);
    if (allowed?.includes(value) === false) throw new Error(`${file}: the value of the parameter ${name} is none of its values`);
    return [name, value] as const;
  });
  return Object.fromEntries(values);
}

function isOf(type: string, value: Value): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string') return typeof value === 'string';
  if (type === 'stepList') return Array.isArray(value);
  return type === 'object';
}

function expand(value: Value, values: Mapping, file: string): Value {
  if (typeof value === 'string') return insert(value, values, file);
  if (Array.isArray(value)) return value.flatMap((each: Value) => expandItem(each, values, file));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, expand(each, values, file)]));
}

/** An item of a list: the steps or variables of a template, or a list of steps, take its place. */
function expandItem(item: Value, values: Mapping, file: string): readonly Value[] {
  const made = expand(item, values, file);
  if (typeof item === 'string' && WHOLE.test(item) && Array.isArray(made)) return made as readonly Value[];
  const { template, parameters = {} } = (typeof made === 'object' && made !== null ? made : {}) as Mapping;
  if (typeof template !== 'string') return [made];
  const { steps, variables } = expandFile(fileOf(template, file), parameters as Mapping);
  return (steps as readonly Value[] | undefined) ?? listed(variables as Mapping);
}

/** Variables in the long form, the one that a list of templates takes. */
function listed(variables: Mapping): readonly Value[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

/** Booleans become words in capitals inside of texts and of inputs, as Azure writes them. */
function insert(text: string, values: Mapping, file: string): Value {
  const [, whole] = WHOLE.exec(text) ?? [];
  if (whole !== undefined) return valueNamed(whole, values, file);
  return text.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => String(valueNamed(name, values, file)));
}

function valueNamed(name: string, values: Mapping, file: string): Value {
  const value = values[name];
  if (value === undefined) throw new Error(`${file}: there is no parameter ${name}`);
  return value;
}

function fileOf(template: string, from: string): string {
  const [path = '', repository] = template.split('@');
  return repository === undefined ? join(dirname(from), path) : join(EXTENSION, 'templates', path);
}
