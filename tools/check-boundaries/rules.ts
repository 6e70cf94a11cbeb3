import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Import } from './imports.ts';
import type { Package, Room, SourceFile, Workspace } from './workspace.ts';

/** Something against the rooms: where, what, and what to do. */
export type Violation = { readonly where: string; readonly what: string; readonly fix: string };

/** Which rooms a package's sources may import from; its own room only where it is named here. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  core: ['core'],
  transport: ['core'],
  signers: ['core', 'transport'],
  platforms: ['core', 'transport'],
  services: ['core', 'transport'],
  apps: ['core', 'transport', 'signers', 'platforms', 'services'],
  adapters: ['adapters'],
  testkit: ['core'],
};

/** What adapters written in TypeScript share; of one another they import nothing. */
const SHARED_BY_ADAPTERS = 'packages/adapters/node';

const CORE_BUILTINS = new Set(['node:crypto']);

/** Judges every import of a package's files: where it leads, and whether it may. */
export function checkImports(owner: Package, workspace: Workspace): Violation[] {
  return owner.files.flatMap((file) => file.imports.flatMap((each) => judge(owner, file, each, workspace)));
}

function judge(owner: Package, file: SourceFile, each: Import, workspace: Workspace): Violation[] {
  const { specifier } = each;
  const violation = (what: string, fix: string): Violation[] => [{ where: `${file.path}:${each.line}`, what, fix }];

  if (specifier === undefined) {
    return file.test || !file.path.startsWith(`${owner.folder}/src/`)
      ? []
      : violation('imports a module by a computed name', 'write the name as a literal, so that it can be checked');
  }
  if (isPath(specifier)) {
    return staysIn(owner.folder, file.path, specifier)
      ? []
      : violation(`"${specifier}" leaves ${owner.folder}`, 'import the other package by its name, or move the file here');
  }
  if (isBuiltin(specifier)) {
    return owner.room !== 'core' || file.test || CORE_BUILTINS.has(specifier)
      ? []
      : violation(
          `core imports "${specifier}"; it may use node:crypto alone`,
          'take what it gives as an argument or through a port, and import it in services/ or apps/',
        );
  }
  const name = packageOf(specifier);
  const target = workspace.packages.find((candidate) => candidate.name === name);
  if (target !== undefined) return judgeNeighbour(owner, file, specifier, target, violation);

  const known = { ...owner.dependencies, ...(file.test ? { ...owner.devDependencies, ...workspace.rootDependencies } : {}) };
  if (name in known || `@types/${name}` in known) return [];
  return name in owner.devDependencies
    ? violation(`a source imports "${name}", a devDependency`, `move it to "dependencies" of ${owner.folder}/package.json`)
    : violation(
        `imports "${name}", which its package does not declare`,
        `add it, exactly pinned, to ${owner.folder}/package.json`,
      );
}

function judgeNeighbour(
  owner: Package,
  file: SourceFile,
  specifier: string,
  target: Package,
  violation: (what: string, fix: string) => Violation[],
): Violation[] {
  if (target === owner) return violation('a package imports itself by name', 'import the file by its relative path');
  if (specifier !== target.name) {
    return violation(
      `"${specifier}" reaches into ${target.folder}`,
      `import "${target.name}", and export what is missing from its index.ts`,
    );
  }
  if (target.room === 'testkit') {
    if (!file.test) return violation('a source imports testkit', 'use testkit in *.test.ts files only');
  } else if (!mayImport(owner, target)) {
    return violation(`${owner.room}/ imports ${target.room}/: ${target.folder}`, adviceFor(owner.room, target.room));
  }
  const declared = target.name in owner.dependencies || (file.test && target.name in owner.devDependencies);
  return declared
    ? []
    : violation(
        `imports "${target.name}", which its package does not declare`,
        `add "${target.name}": "${target.version}" to ${file.test ? 'devDependencies' : 'dependencies'} of ${owner.folder}/package.json`,
      );
}

function mayImport(owner: Package, target: Package): boolean {
  if (target.room === 'adapters' && target.folder !== SHARED_BY_ADAPTERS) return false;
  return MAY_IMPORT[owner.room].includes(target.room);
}

function adviceFor(from: Room, to: Room): string {
  if (from === 'adapters') return `an adapter calls the CLI as a program and imports nothing but ${SHARED_BY_ADAPTERS}`;
  if (to === 'apps') return 'nothing imports an app: move what is shared below it';
  if (from === to) return 'siblings meet through a port in signing-core, wired by an app';
  return 'imports point one way: core ← transport ← signers, platforms, services ← apps; meet through a port in signing-core';
}

/** Core takes the time, the environment and the network as arguments. */
export function checkPurity(owner: Package): Violation[] {
  if (owner.room !== 'core') return [];
  return owner.files
    .filter((file) => !file.test)
    .flatMap((file) =>
      file.worldUses.map(({ what, line }) => ({
        where: `${file.path}:${line}`,
        what: `core uses ${what}`,
        fix: 'take the time, settings and answers of others as arguments, or through a port',
      })),
    );
}

/** What is made of a package's sources, or held against them, reads these by path: it cannot wait for a build. */
const READS: readonly { readonly program: string; readonly source: string }[] = [
  { program: 'tools/generate/', source: 'packages/core/policy/' },
  { program: 'tools/generate/adapters/', source: 'packages/apps/cli/src/job/inputs.ts' },
  { program: 'e2e/adapters/', source: 'packages/apps/cli/src/job/' },
];

/** Tools and scenarios import packages by name alone, as their users do. */
export function checkPrograms(workspace: Workspace): Violation[] {
  return workspace.programs.flatMap((file) =>
    file.imports.flatMap(({ specifier, line }) => {
      if (specifier === undefined || isBuiltin(specifier)) return [];
      const where = `${file.path}:${line}`;
      if (isPath(specifier)) {
        const read = READS.filter(({ program }) => file.path.startsWith(program)).map(({ source }) => source);
        const inside = ['tools/', 'e2e/', ...read].some((folder) => leadsInto(folder, file.path, specifier));
        return inside ? [] : [{ where, what: `"${specifier}" leaves tools/ and e2e/`, fix: 'import packages by their names' }];
      }
      const name = packageOf(specifier);
      const target = workspace.packages.find((candidate) => candidate.name === name);
      if (target !== undefined) {
        return specifier === name
          ? []
          : [{ where, what: `"${specifier}" reaches into ${target.folder}`, fix: `import "${name}"` }];
      }
      if (name in workspace.rootDependencies) return [];
      return [
        {
          where,
          what: `imports "${name}", which the workspace does not declare`,
          fix: 'add it, exactly pinned, to the root package.json',
        },
      ];
    }),
  );
}

/** `a` of `a/b`, `@s/a` of `@s/a/b`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

export function isPath(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('file:') || specifier.startsWith('#');
}

export function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function staysIn(folder: string, file: string, specifier: string): boolean {
  return leadsInto(`${folder}/`, file, specifier);
}

function leadsInto(place: string, file: string, specifier: string): boolean {
  return specifier.startsWith('.') && posix.join(posix.dirname(file), specifier).startsWith(place);
}
