import type { Case, CasesFile } from '../generated/cases-file.ts';
import { casesSchemaText } from '../generated/cases-schema.ts';
import { validateCasesFile } from '../generated/validate-cases-file.ts';
import { parseYaml } from '../parse/parse-yaml.ts';
import { schemaProblems } from '../parse/schema-problems.ts';
import { problemAt, problemAtKey, type Source, whereOf } from '../parse/source.ts';
import { PolicyError, type Problem } from '../problem.ts';

/** One case of a file of cases. */
export type PolicyCase = Case & {
  /** `file:line:column`. */
  readonly where: string;
};

/** The cases a policy is held to. */
export type PolicyCases = {
  /** The policy's file, relative to the file of cases. */
  readonly policy: string;
  readonly cases: readonly PolicyCase[];
};

const WHAT = 'the file of cases';

/** Reads a file of cases, strictly. @throws PolicyError with every problem found, each with its place. */
export function parseCases(bytes: Uint8Array, file: string): PolicyCases {
  const source = readSource(bytes, file);
  const problems = schemaProblems(source, validateCasesFile(source.value), casesSchemaText);
  if (problems.length > 0) throw new PolicyError(problems, WHAT);
  const { policy = 'signwright.yaml', cases } = source.value as unknown as CasesFile;
  const contradictions = cases.flatMap((one, index) => [...contradictionsOf(source, one, index)]);
  if (contradictions.length > 0) throw new PolicyError(contradictions, WHAT);
  return { policy, cases: cases.map((one, index) => ({ ...one, where: whereOf(source, ['cases', index]) })) };
}

function readSource(bytes: Uint8Array, file: string): Source {
  try {
    return parseYaml(bytes, file);
  } catch (error) {
    throw error instanceof PolicyError ? new PolicyError(error.problems, WHAT) : error;
  }
}

/** What would be looked at by nothing, so that the case would hold for want of it. */
function* contradictionsOf(
  source: Source,
  { artifact, file, evidence, at, kind, expect }: Case,
  index: number,
): Generator<Problem> {
  const path = ['cases', index] as const;
  if (artifact === undefined && file === undefined)
    yield problemAt(source, path, 'one of "artifact", "file" is needed: what the case is about');
  const verdict = (['result', 'outcomes'] as const).find((key) => expect[key] !== undefined);
  if (file === undefined) {
    if (verdict !== undefined)
      yield problemAtKey(source, [...path, 'expect', verdict], 'it is of a verdict, and there is no "file" to judge');
    if (evidence !== undefined) yield problemAtKey(source, [...path, 'evidence'], 'there is no "file" to judge by it');
    if (at !== undefined) yield problemAtKey(source, [...path, 'at'], 'there is no "file" to judge as of then');
  } else {
    if (expect.result === undefined)
      yield problemAt(source, [...path, 'expect'], 'the key "result" is missing: what the verdict on the file is');
    if (kind !== undefined) yield problemAtKey(source, [...path, 'kind'], 'a file in hand has the kind its evidence states');
  }
  const asked = (['tiers', 'signers', 'requirements'] as const).find((key) => expect[key] !== undefined);
  if (expect.denied !== undefined && asked !== undefined)
    yield problemAtKey(source, [...path, 'expect', asked], 'nothing is asked of what is denied');
}
