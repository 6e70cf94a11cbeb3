// node tools/check-boundaries/main.ts [ROOT]: proves that imports = package.json = tsconfig references, and that they point one way.
import { resolve } from 'node:path';
import { checkBoundaries } from './check.ts';
import { readWorkspace } from './workspace.ts';

const root = resolve(process.argv[2] ?? `${import.meta.dirname}/../..`);
const workspace = readWorkspace(root);
const violations = checkBoundaries(workspace);

for (const { where, what, fix } of violations) console.error(`${where}: ${what}\n    → ${fix}`);
const packages = `${workspace.packages.length} packages`;
console.error(violations.length === 0 ? `boundaries hold in ${packages}` : `${violations.length} violations in ${packages}`);
process.exitCode = violations.length === 0 ? 0 : 1;
