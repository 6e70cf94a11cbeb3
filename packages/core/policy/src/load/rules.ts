import { canonicalDigest, compileGlob, type Json } from '@signwright/signing-core';
import type { Artifact, PolicyFile } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { Rule } from '../policy.ts';

/** The rules of a layer, their patterns compiled. */
export function rulesOf(content: PolicyFile, source: Source, layer: string): Rule[] {
  return (content.artifacts ?? []).map((artifact, index) => {
    const match = patternsOf(artifact);
    const globs = match.map(compileGlob);
    return {
      index,
      reference: {
        layer,
        where: whereOf(source, ['artifacts', index]),
        match,
        ...(artifact.kind === undefined ? {} : { kind: artifact.kind }),
        ...(artifact.name === undefined ? {} : { name: artifact.name }),
        ...(artifact.owner === undefined ? {} : { owner: artifact.owner }),
        ...(artifact.reason === undefined ? {} : { reason: artifact.reason }),
        digest: canonicalDigest({ layer, rule: artifact as unknown as Json }),
      },
      matches: (name: string) => globs.some((glob) => glob(name)),
      target: targetOf(artifact),
    };
  });
}

/** A rule's patterns, one or several. */
export function patternsOf(artifact: Artifact): readonly string[] {
  return typeof artifact.match === 'string' ? [artifact.match] : artifact.match;
}

function targetOf(artifact: Artifact): Rule['target'] {
  if (artifact.tier !== undefined) return { tier: artifact.tier };
  if (artifact.vendor !== undefined) return { vendor: artifact.vendor };
  return { sign: 'never' };
}
