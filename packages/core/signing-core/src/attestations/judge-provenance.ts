import { compileGlob } from '../formats/glob.ts';
import { quoted } from '../formats/quoted.ts';
import { fieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { type AttestationConditions, fails, holds, judged, type PredicateJudgement } from './judgement.ts';
import { recordOrEmpty, words } from './scanners/scanner-report.ts';
import { builtSource, CI_BUILD } from './source-repository.ts';

/**
 * Judges SLSA provenance v1: who built it, from which repository. It proves as much as whoever signed it; what a build job says of
 * itself is SLSA Build L1, whatever else is in it.
 */
export function judgeProvenance(
  predicate: Json,
  { builder, source }: Pick<AttestationConditions, 'builder' | 'source'> = {},
): PredicateJudgement {
  return judged(() => {
    const read = fieldReader('the provenance');
    const fields = read.record(predicate, 'predicate');
    const definition = read.record(fields['buildDefinition'], 'buildDefinition');
    const buildType = words(read, definition['buildType'], 'buildDefinition.buildType');
    const parameters = read.record(definition['externalParameters'], 'buildDefinition.externalParameters');
    if (buildType === CI_BUILD) read.object(parameters, 'buildDefinition.externalParameters', ['repository', 'ref']);
    recordOrEmpty(read, definition['internalParameters'], 'buildDefinition.internalParameters');
    const details = read.record(fields['runDetails'], 'runDetails');
    const by = words(read, read.record(details['builder'], 'runDetails.builder')['id'], 'runDetails.builder.id');
    const metadata = recordOrEmpty(read, details['metadata'], 'runDetails.metadata');
    for (const key of ['startedOn', 'finishedOn']) {
      if (metadata[key] !== undefined && metadata[key] !== null) read.instant(metadata[key], `runDetails.metadata.${key}`);
    }
    const built = builtSource(read, buildType, parameters, definition['resolvedDependencies']);
    if (builder !== undefined && !compileGlob(builder)(by)) {
      return fails('other-builder', `built by ${quoted(by)}, not by ${quoted(builder)}`);
    }
    if (source !== undefined) {
      if (typeof built === 'string') return fails('other-source', `from which source is not told: ${built}`);
      if (!compileGlob(source)(built.repository))
        return fails('other-source', `built from ${quoted(built.repository)}, not from ${quoted(source)}`);
    }
    const from = typeof built === 'string' ? '' : ` from ${quoted(built.repository)} at ${built.commit.slice(0, 12)}`;
    return holds(
      `built by ${quoted(by)}${from}${buildType === CI_BUILD ? ' (SLSA Build L1: the build job itself says so)' : ''}`,
    );
  });
}
