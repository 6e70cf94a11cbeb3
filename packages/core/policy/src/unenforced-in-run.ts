import { UNENFORCED_IN_RUN, type Unenforced } from './enforcement.ts';
import { whereOf } from './parse/source.ts';
import type { Policy } from './policy.ts';

/**
 * The keys of a policy, beside those of tiers and rules, that any run of `sign` or `verify` would need and that are not enforced
 * yet. Such a run is refused. Those of tiers and rules are in each resolution.
 */
export function unenforcedInRun(policy: Policy): Unenforced[] {
  return policy.layers.flatMap(({ content, source }) =>
    UNENFORCED_IN_RUN.flatMap(({ key, what, at }) => {
      const path = at(content);
      return path === undefined ? [] : [{ key, what, where: whereOf(source, path) }];
    }),
  );
}
