import type { Json } from '@signwright/signing-core';
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { MAX_PROBLEMS, type Path, PolicyError, type Position, type Problem, pathText, shown } from '../problem.ts';
import { makeProblem, type PositionNotes } from './source.ts';

/** Values a policy may have once its aliases are written out, at the most. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 32;

type Composed = { readonly value: Json; readonly problems: readonly Problem[] };

/** Makes a JSON value of a document's nodes and notes where each part stands; every problem it meets is in the answer. */
export function composeValue(
  document: Document.Parsed,
  file: string,
  position: (offset: number) => Position,
  notes: PositionNotes,
): Composed {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let values = 0;

  const at = (node: Node): Position => position(node.range?.[0] ?? 0);
  const refuse = (where: Position, path: Path, message: string): null => {
    if (problems.length <= MAX_PROBLEMS) problems.push(makeProblem(file, where, pathText(path), message));
    return null;
  };

  function compose(node: Node | null, path: Path, key?: Position): Json {
    if (problems.length > MAX_PROBLEMS) return null;
    if (node === null) return null;
    notes.note(path, at(node), key);
    if (++values > MAX_VALUES) {
      const message = `the file has more than ${MAX_VALUES} values once its aliases are written out`;
      throw new PolicyError([makeProblem(file, at(node), pathText(path), message)]);
    }
    if (path.length > MAX_DEPTH) return refuse(at(node), path.slice(0, 4), 'the file is nested too deep');
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) return refuse(at(node), path, `the alias *${node.source} has no anchor before it`);
      if (open.has(target)) return refuse(at(node), path, `the alias *${node.source} contains itself`);
      return compose(target, path, key);
    }
    if (node.tag !== undefined)
      return refuse(at(node), path, `the tag ${shown(node.tag)} is not allowed: write the value plainly`);
    if ('anchor' in node && typeof node.anchor === 'string') {
      const first = anchors.get(node.anchor) ?? node;
      if (first !== node) {
        const message = `the anchor &${node.anchor} is there twice, first in line ${at(first).line}: give each a name of its own`;
        return refuse(at(node), path, message);
      }
      anchors.set(node.anchor, node);
    }
    open.add(node);
    const value = composeInner(node, path);
    open.delete(node);
    return value;
  }

  function composeInner(node: Node, path: Path): Json {
    if (isMap(node)) return composeMap(node.items as Pair<Node, Node | null>[], path);
    if (isSeq(node)) return (node.items as (Node | null)[]).map((item, index) => compose(item, [...path, index]));
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'number' && !Number.isFinite(value))
      return refuse(at(node), path, `${value} is not a number that can be used`);
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    return refuse(at(node), path, 'a value that is not text, a number, true, false, a list or a map');
  }

  function composeMap(items: readonly Pair<Node, Node | null>[], path: Path): Json {
    const object: { [key: string]: Json } = {};
    for (const { key, value } of items) {
      const name = keyOf(key, path);
      if (name === undefined) continue;
      const inner = [...path, name];
      if (Object.hasOwn(object, name)) {
        const first = notes.keyAt(inner);
        refuse(at(key), inner, `the key is there twice: first in line ${first.line}`);
        continue;
      }
      object[name] = compose(value, inner, at(key));
      if (value === null) notes.note(inner, at(key), at(key));
    }
    return object;
  }

  function keyOf(key: Node, path: Path): string | undefined {
    if (!isScalar(key) || typeof key.value !== 'string') {
      const found = isScalar(key) ? shown(key.value) : 'a list, map or alias';
      refuse(at(key), path, `a key must be text, but ${found} was found${isScalar(key) ? ': put it in quotes' : ''}`);
      return undefined;
    }
    if (key.tag !== undefined || key.anchor !== undefined) {
      refuse(at(key), path, `the key ${shown(key.value)} has a tag or an anchor, which keys may not have`);
      return undefined;
    }
    if (key.value === '<<') {
      refuse(at(key), path, 'merge keys (<<) are not allowed: write the keys out, or let a tier extend another');
      return undefined;
    }
    if (key.value === '__proto__') {
      refuse(at(key), path, 'the key "__proto__" is not allowed');
      return undefined;
    }
    return key.value;
  }

  const value = compose(document.contents, []);
  return { value, problems };
}
