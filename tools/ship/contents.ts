import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesIn, zipOf } from '../bundle/zip.ts';
import type { PeerName } from '../peers/peers.ts';
import { writeBillOfMaterials } from './bill-of-materials.ts';
import { writeLicences } from './licences.ts';
import { packForNpm } from './npm-package.ts';
import { version } from './release.ts';
import { run } from './steps.ts';

/** A file of a release, and what makes it at the path it is given. */
export type Shipped = {
  readonly name: string;
  readonly make: (file: string) => void;
  /** The peer it takes to make it. A trial does without the file where that is missing. */
  readonly needs?: PeerName;
};

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a release holds; its sums and signatures are made over all of it. */
export const CONTENTS: readonly Shipped[] = [
  { name: 'signwright.cjs', make: copyOf('packages/apps/cli/bundle/signwright.cjs') },
  { name: 'signwright.cdx.json', make: writeBillOfMaterials },
  { name: 'signwright.licences.txt', make: writeLicences },
  { name: `signwright-${version()}.tgz`, make: packForNpm },
  { name: 'launch.cjs', make: copyOf('packages/adapters/launcher/launch.cjs') },
  { name: 'Containerfile', make: copyOf('packages/adapters/container/Containerfile') },
  { name: 'signwright-gitlab-components.zip', make: zipped('.', ['templates']) },
  { name: 'signwright-jenkins-library.zip', make: zipped('packages/adapters/jenkins-library', ['vars', 'src', 'resources']) },
  { name: 'signwright-github-action.zip', make: zipped('packages/adapters/github-action/bundle') },
  { name: 'signwright-azure-templates.zip', make: zipped('packages/adapters/azure-devops-extension/templates') },
  { name: 'signwright.vsix', make: packExtension, needs: 'tfx' },
];

function zipped(path: string, folders?: readonly string[]): Shipped['make'] {
  return (file) => writeFileSync(file, zipOf(filesIn(join(root, path), folders)));
}

function packExtension(file: string): void {
  run(process.execPath, [join(root, 'tools/bundle/vsix.ts'), file], root);
}

function copyOf(path: string): Shipped['make'] {
  return (file) => copyFileSync(join(root, path), file);
}
