import { isBuiltin, isPath, packageOf, type Violation } from './rules.ts';
import type { Package, Workspace } from './workspace.ts';

/** Holds package.json and tsconfig.json against what the sources import: nothing missing, nothing left over. */
export function checkManifest(owner: Package, workspace: Workspace): Violation[] {
  const bySources = importedBy(owner, false);
  const byTests = importedBy(owner, true);
  return [
    ...leftOver(owner, workspace, bySources, byTests),
    ...unpinned(owner, workspace),
    ...references(owner, workspace, bySources),
  ];
}

function importedBy(owner: Package, test: boolean): Set<string> {
  const specifiers = owner.files
    .filter((file) => file.test === test)
    .flatMap((file) => file.imports.map((each) => each.specifier ?? '.'));
  return new Set(specifiers.filter((each) => !isPath(each) && !isBuiltin(each)).map(packageOf));
}

function leftOver(owner: Package, workspace: Workspace, bySources: Set<string>, byTests: Set<string>): Violation[] {
  const where = `${owner.folder}/package.json`;
  const neighbours = new Set(workspace.packages.map(({ name }) => name));
  const idle = Object.keys(owner.dependencies).filter((name) => !bySources.has(name.replace(/^@types\//, '')));
  const idleDev = Object.keys(owner.devDependencies).filter((name) => neighbours.has(name) && !byTests.has(name));
  return [
    ...idle.map((name) =>
      byTests.has(name)
        ? { where, what: `only tests import "${name}"`, fix: 'move it to "devDependencies"' }
        : { where, what: `declares "${name}", which no source imports`, fix: 'remove it from "dependencies"' },
    ),
    ...idleDev.map((name) => ({
      where,
      what: `declares "${name}", which no test imports`,
      fix: 'remove it from "devDependencies"',
    })),
  ];
}

function unpinned(owner: Package, workspace: Workspace): Violation[] {
  const where = `${owner.folder}/package.json`;
  return Object.entries({ ...owner.dependencies, ...owner.devDependencies }).flatMap(([name, version]) => {
    const target = workspace.packages.find((candidate) => candidate.name === name);
    const right = target === undefined ? /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) : version === target.version;
    const fix = `write the exact version${target === undefined ? '' : `, "${target.version}"`}`;
    return right ? [] : [{ where, what: `"${name}": "${version}" is not pinned`, fix }];
  });
}

function references(owner: Package, workspace: Workspace, bySources: Set<string>): Violation[] {
  const where = `${owner.folder}/tsconfig.json`;
  if (owner.references === undefined) return [];
  const wanted = workspace.packages
    .filter((target) => target !== owner && bySources.has(target.name))
    .map(({ folder }) => folder);
  const missing = wanted.filter((folder) => !owner.references?.includes(folder));
  const extra = owner.references.filter((folder) => !wanted.includes(folder));
  return [
    ...missing.map((folder) => ({
      where,
      what: `its sources import ${folder}, and "references" lacks it`,
      fix: 'add the reference',
    })),
    ...extra.map((folder) => ({ where, what: `refers to ${folder}, which no source imports`, fix: 'remove the reference' })),
  ];
}
