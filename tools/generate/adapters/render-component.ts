import { parse, parseAllDocuments } from 'yaml';

/** One input, as a component's `spec: inputs:` has it. */
export type InputSpec = {
  readonly type: string;
  readonly description: string;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly regex?: string;
};
/** A job, as GitLab runs it. */
export type RenderedJob = {
  readonly variables: Readonly<Record<string, { readonly value: string; readonly expand: boolean } | string>>;
  readonly script: readonly string[];
  readonly [keyword: string]: unknown;
};

/** The inputs a component declares. */
export function specOf(template: string): Readonly<Record<string, InputSpec>> {
  const header = parseAllDocuments(template)[0]?.toJS() as { spec: { inputs: Readonly<Record<string, InputSpec>> } };
  return header.spec.inputs;
}

/**
 * Makes of a component what GitLab does (lib/gitlab/ci/config/interpolation there): each input is held to its type, options and pattern;
 * then a text stands in the template as it is, anything else as JSON; only then the YAML is read.
 *
 * @throws Error where an input is not what it must be.
 */
export function renderComponent(
  template: string,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, RenderedJob>> {
  return parse(renderText(template, given)) as Readonly<Record<string, RenderedJob>>;
}

/** The same, before it is read. */
export function renderText(template: string, given: Readonly<Record<string, unknown>>): string {
  const spec = specOf(template);
  for (const name of Object.keys(given)) if (!(name in spec)) throw new Error(`unknown input ${name}`);
  const [, body = ''] = template.split(/^---\n/m);
  return body.replace(/\$\[\[\s*inputs\.([\w-]+)\s*\]\]/g, (_, name: string) => {
    const value = checked(name, spec[name] as InputSpec, given[name]);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function checked(name: string, { type, default: usual, options, regex }: InputSpec, given: unknown): unknown {
  const value = given ?? usual;
  if (value === undefined) throw new Error(`${name}: required value has not been provided`);
  if ((Array.isArray(value) ? 'array' : typeof value) !== type) throw new Error(`${name}: provided value is not a ${type}`);
  if (options !== undefined && !options.includes(value)) throw new Error(`${name}: not in the list of allowed options`);
  if (typeof value === 'string' && regex !== undefined && !new RegExp(regex).test(value))
    throw new Error(`${name}: provided value does not match required RegEx pattern`);
  return value;
}
