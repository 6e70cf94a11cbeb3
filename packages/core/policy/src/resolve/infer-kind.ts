import type { Kind } from '@signwright/signing-core';

const BY_ENDING: readonly (readonly [Kind, RegExp])[] = [
  ['sbom', /\.(?:cdx|spdx)\.json$/],
  ['provenance', /\.intoto\.jsonl$/],
  ['package', /\.(?:tgz|tar\.gz|whl|jar|gem|deb|rpm|nupkg)$/],
  ['plan', /\.tfplan$/],
  ['document', /\.(?:pdf|md)$/],
];

/** The kind a name's ending speaks of; `file` where it speaks of none. */
export function inferKind(name: string): Kind {
  const lower = name.toLowerCase();
  return BY_ENDING.find(([, ending]) => ending.test(lower))?.[0] ?? 'file';
}
