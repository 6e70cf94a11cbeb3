import type { Layer, Policy } from '../policy.ts';
import { type Change, changeAt } from './change.ts';
import { compareNames } from './compare-names.ts';
import { compareRules } from './compare-rules.ts';
import { compareSettings, compareTrustRoots } from './compare-settings.ts';

/**
 * What differs between two policies, in words: stricter, weaker, or just different. Sound, not complete: where nothing is `weaker`,
 * the new one lets nothing through that the old one would not; what it does not understand it calls weaker.
 *
 * Both are compared as they are loaded, with the files they refer to, layer by layer from the one all others build on.
 */
export function diffPolicies(before: Policy, after: Policy): Change[] {
  if (before.digest === after.digest) return [];
  const environments = [...new Set(['default', ...before.environments, ...after.environments])];
  const heights = Math.min(before.layers.length, after.layers.length);
  const layers = Array.from({ length: heights }, (_, height) => {
    const [was, is] = [before.layers[height], after.layers[height]] as [Layer, Layer];
    const pair = { before: was, after: is, base: height === 0, environments };
    return [...compareRules(pair, [before, after]), ...compareSettings(was, is)];
  });
  const changes = [
    ...layers.flat(),
    ...compareNames([before, after]),
    ...compareTrustRoots(before, after),
    ...before.layers.slice(heights).map((layer) => layerChange(layer, 'removed')),
    ...after.layers.slice(heights).map((layer) => layerChange(layer, 'added')),
  ];
  // A rule that no artifact reaches, an abbreviation written out: another digest, and the same demands.
  if (changes.length === 0)
    return [{ effect: 'different', about: 'policy', text: 'it is written otherwise, and demands the same' }];
  return inOrder(changes);
}

function layerChange(layer: Layer, what: 'added' | 'removed'): Change {
  const here = { source: layer.source, path: [] };
  const about = `policy ${layer.name}`;
  return what === 'added'
    ? changeAt(about, { effect: 'stricter', text: 'builds on it too, and can only add' }, undefined, here)
    : changeAt(about, { effect: 'weaker', text: 'no longer builds on it, and what it added is gone' }, here, undefined);
}

const ORDER = ['weaker', 'stricter', 'different'] as const;

function inOrder(changes: readonly Change[]): Change[] {
  return ORDER.flatMap((effect) => changes.filter((change) => change.effect === effect));
}
