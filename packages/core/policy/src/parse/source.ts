import type { Json } from '@signwright/signing-core';
import { type Path, type Position, type Problem, pathText } from '../problem.ts';

/** The parsed value of one policy file, and where in the file each part of it stands. */
export type Source = {
  /** The file as messages name it. */
  readonly file: string;
  readonly value: Json;
  /** Where a value stands; where there is none, what surrounds it. */
  at(path: Path): Position;
  /** Where a key stands; where there is none, the value. */
  keyAt(path: Path): Position;
};

/** The positions noted while a file was read. */
export class PositionNotes {
  readonly #values = new Map<string, Position>();
  readonly #keys = new Map<string, Position>();

  note(path: Path, value: Position, key?: Position): void {
    this.#values.set(JSON.stringify(path), value);
    if (key !== undefined) this.#keys.set(JSON.stringify(path), key);
  }

  valueAt(path: Path): Position {
    for (let length = path.length; length >= 0; length--) {
      const found = this.#values.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return { line: 1, column: 1 };
  }

  keyAt(path: Path): Position {
    return this.#keys.get(JSON.stringify(path)) ?? this.valueAt(path);
  }
}

/** `file:line:column` of a value. */
export function whereOf(source: Source, path: Path): string {
  return written(source.file, source.at(path));
}

/** A problem with the value at a path. */
export function problemAt(source: Source, path: Path, message: string, suggestion?: string): Problem {
  return makeProblem(source.file, source.at(path), pathText(path), message, suggestion);
}

/** A problem with the key at a path. */
export function problemAtKey(source: Source, path: Path, message: string, suggestion?: string): Problem {
  return makeProblem(source.file, source.keyAt(path), pathText(path), message, suggestion);
}

/** A problem at a position in a file. */
export function makeProblem(file: string, position: Position, path: string, message: string, suggestion?: string): Problem {
  return {
    severity: 'error',
    file,
    ...position,
    where: written(file, position),
    path,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function written(file: string, position: Position): string {
  return `${file}:${position.line}:${position.column}`;
}

/** Something at a path that looks wrong, and hinders nothing. */
export function warningAt(source: Source, path: Path, message: string): Problem {
  return { ...problemAt(source, path, message), severity: 'warning' };
}
