import type { PlatformAccount } from '../ports/approval-source.ts';

/** A ref moved from one commit to another. */
export type Push = {
  /** Absent where the ref was made. */
  readonly before?: string;
  readonly after: string;
  /** Absent where the platform itself moved it, as by merging a request: its commits have other people then. */
  readonly by?: PlatformAccount;
  /** A merge somebody made or let be made: the merge commit is theirs, what it brings is not. */
  readonly tipOnly?: boolean;
};

/**
 * Who first brought each commit, as pushes prove it: a push brings what can be reached from where it ends and not from where it
 * began, and what an earlier push brought is not brought again (branches are made of old commits, too).
 *
 * @param parents of every commit that is asked about; others are not walked through.
 * @param pushes oldest first.
 * @returns an entry for each commit some push brought, `undefined` where that was the platform.
 */
export function pushersOf(
  parents: ReadonlyMap<string, readonly string[]>,
  pushes: readonly Push[],
): ReadonlyMap<string, PlatformAccount | undefined> {
  const brought = new Map<string, PlatformAccount | undefined>();
  for (const { before, after, by, tipOnly } of pushes) {
    const known = before === undefined ? new Set<string>() : reachable(before, parents, new Set());
    // A branch that was made brings its tip for sure; what is below may have come by ways that are not told, as another project's.
    const fresh = before === undefined ? [after].filter((commit) => parents.has(commit)) : reachable(after, parents, known);
    for (const commit of fresh) if (!brought.has(commit)) brought.set(commit, commit === after || !tipOnly ? by : undefined);
  }
  return brought;
}

function reachable(
  from: string,
  parents: ReadonlyMap<string, readonly string[]>,
  except: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [from];
  for (let commit = left.pop(); commit !== undefined; commit = left.pop()) {
    if (found.has(commit) || except.has(commit) || !parents.has(commit)) continue;
    found.add(commit);
    left.push(...(parents.get(commit) ?? []));
  }
  return found;
}

/**
 * What is known of who brought commits: the pusher of each and those who opened merge requests of it.
 *
 * @param complete whether all pushes there were are among those read. Where they are not, a commit whose push was not found is left
 * out: somebody else may have pushed it.
 */
export function verifiedAuthors(
  commits: readonly string[],
  pushers: ReadonlyMap<string, PlatformAccount | undefined>,
  openers: ReadonlyMap<string, readonly PlatformAccount[]>,
  complete: boolean,
): ReadonlyMap<string, readonly PlatformAccount[]> {
  const verified = new Map<string, readonly PlatformAccount[]>();
  for (const commit of commits) {
    const pusher = pushers.get(commit);
    const people = [...(pusher === undefined ? [] : [pusher]), ...(openers.get(commit) ?? [])];
    const ids = new Map(people.map((account) => [account.id, account]));
    if (ids.size > 0 && (complete || pushers.has(commit))) verified.set(commit, [...ids.values()]);
  }
  return verified;
}
