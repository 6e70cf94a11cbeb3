import type { PolicyFile } from '../generated/policy-file.ts';
import type { ReferredFiles } from '../load/referred-files.ts';
import type { Source } from '../parse/source.ts';
import type { Layer } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { Scope } from '../scope.ts';

/** A policy file whose shape is right, with what its words refer to. */
export type Subject = {
  readonly content: PolicyFile;
  readonly source: Source;
  readonly scope: Scope;
  /** The policies it builds on, the one they all build on first. */
  readonly bases: readonly Layer[];
  readonly files: ReferredFiles;
  readonly now: Date;
  /** Whether it was fetched, and lies in no directory. */
  readonly fetched: boolean;
  /** Whether it is the file that was asked for. */
  readonly top: boolean;
};

/** One cross-field rule: the problems it finds. Names that are undefined are another rule's business. */
export type Check = (subject: Subject) => Iterable<Problem>;

/** The entries of a section, none where it is absent. */
export function entriesOf<T>(section: { readonly [id: string]: T } | undefined): [string, T][] {
  return Object.entries(section ?? {});
}
