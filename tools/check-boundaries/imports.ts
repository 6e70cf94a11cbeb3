import { parseSync, Visitor } from 'oxc-parser';

/** One thing a file asks for: `specifier` is `undefined` where the name is computed and cannot be judged. */
export type Import = { readonly specifier: string | undefined; readonly line: number };

/** A use of the world around: the environment, the network, the clock. */
type WorldUse = { readonly what: string; readonly line: number };

export type FileFacts = { readonly imports: readonly Import[]; readonly worldUses: readonly WorldUse[] };

type Node = { readonly type: string; readonly start: number };
type Callee = Node & { name?: string; object?: Node & { name?: string }; property?: Node & { name?: string } };

const WORLD = new Set(['process', 'globalThis', 'console', 'performance']);

/**
 * Everything a TypeScript or JavaScript file imports, types too: `import`, `export … from`, `import()`, `import('x').T`,
 * `import x = require()`, `require()`, `require.resolve()`, `import.meta.resolve()`.
 *
 * @throws Error where the file does not parse.
 */
export function readImports(path: string, text: string): FileFacts {
  const { program, errors } = parseSync(path, text, { sourceType: 'module' });
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const lineOf = lineFinder(text);
  const imports: Import[] = [];
  const worldUses: WorldUse[] = [];
  const note = (source: unknown, at: Node): void => {
    imports.push({ specifier: literal(source), line: lineOf(at.start) });
  };
  const world = (what: string, at: Node): void => {
    worldUses.push({ what, line: lineOf(at.start) });
  };

  new Visitor({
    ImportDeclaration: (node) => note(node.source, node),
    ExportAllDeclaration: (node) => note(node.source, node),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) note(node.source, node);
    },
    ImportExpression: (node) => note(node.source, node),
    TSImportType: (node) => note(node.source, node),
    TSExternalModuleReference: (node) => note(node.expression, node),
    CallExpression: (node) => {
      const callee = node.callee as Callee;
      if (loadsModule(callee)) note(node.arguments[0], node);
      if (callee.name === 'fetch') world('fetch()', node);
      if (callee.object?.name === 'Date' && callee.property?.name === 'now') world('Date.now()', node);
    },
    NewExpression: (node) => {
      if ((node.callee as Callee).name === 'Date' && node.arguments.length === 0) world('new Date()', node);
    },
    MemberExpression: (node) => {
      const { name } = node.object as Callee;
      if (name !== undefined && WORLD.has(name)) world(name, node);
    },
  }).visit(program);
  return { imports, worldUses };
}

function loadsModule(callee: Callee): boolean {
  if (callee.name === 'require') return true;
  if (callee.property?.name !== 'resolve') return false;
  return callee.object?.name === 'require' || callee.object?.type === 'MetaProperty';
}

/** The text of a string literal, or of a template without substitutions. */
function literal(source: unknown): string | undefined {
  const node = source as { type?: string; value?: unknown; quasis?: { value: { cooked: string } }[] } | undefined;
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.quasis?.length === 1) return node.quasis[0]?.value.cooked;
  return undefined;
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
