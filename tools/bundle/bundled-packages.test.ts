import { expect, it } from 'vitest';
import { bundledPackages } from './bundled-packages.ts';

const outputs = (
  ...inputs: (readonly [path: string, bytesInOutput: number])[]
): Parameters<typeof bundledPackages>[0][number] => ({
  outputs: {
    'bundle/main.cjs': {
      bytes: 1,
      imports: [],
      exports: [],
      inputs: Object.fromEntries(inputs.map(([path, bytesInOutput]) => [path, { bytesInOutput }])),
    },
  },
});

it('names the folder of each package once, sorted, with scopes and packages within packages', () => {
  const found = bundledPackages([
    outputs(
      ['node_modules/yaml/dist/index.js', 9],
      ['node_modules/@a/b/node_modules/c/lib/c.js', 9],
      ['node_modules/yaml/dist/x.js', 1],
    ),
    outputs(['node_modules/@a/b/index.js', 9], ['node_modules/yaml/dist/index.js', 9]),
  ]);
  expect(found).toEqual(['node_modules/@a/b', 'node_modules/@a/b/node_modules/c', 'node_modules/yaml']);
});

it('names neither what was read and left out nor what is our own', () => {
  expect(bundledPackages([outputs(['node_modules/left-out/index.js', 0], ['packages/core/policy/dist/index.js', 9])])).toEqual(
    [],
  );
});
