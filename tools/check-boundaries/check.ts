import { checkManifest } from './manifests.ts';
import { checkImports, checkPrograms, checkPurity, type Violation } from './rules.ts';
import type { Workspace } from './workspace.ts';

/** All that is against the rooms of the design, in the order of the packages. */
export function checkBoundaries(workspace: Workspace): Violation[] {
  const ofPackages = workspace.packages.flatMap((owner) => [
    ...checkImports(owner, workspace),
    ...checkPurity(owner),
    ...checkManifest(owner, workspace),
  ]);
  return [...ofPackages, ...checkPrograms(workspace)];
}
