import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBillOfMaterials } from './bill-of-materials.ts';
import { writeLicences } from './licences.ts';
import { packForNpm } from './npm-package.ts';
import { version } from './release.ts';

/** A file of a release, and what makes it at the path it is given. */
export type Shipped = { readonly name: string; readonly make: (file: string) => void };

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a release holds; its sums and signatures are made over all of it. */
export const CONTENTS: readonly Shipped[] = [
  { name: 'signwright.cjs', make: copyOf('packages/apps/cli/bundle/signwright.cjs') },
  { name: 'signwright.cdx.json', make: writeBillOfMaterials },
  { name: 'signwright.licences.txt', make: writeLicences },
  { name: `signwright-${version()}.tgz`, make: packForNpm },
  { name: 'launch.cjs', make: copyOf('packages/adapters/launcher/launch.cjs') },
  { name: 'Containerfile', make: copyOf('packages/adapters/container/Containerfile') },
];

function copyOf(path: string): Shipped['make'] {
  return (file) => copyFileSync(join(root, path), file);
}
