import { compileGlob, isSha256, type Sha256, type WorkloadRule } from '@signwright/signing-core';
import { globProblem } from '../check/artifacts.ts';
import type { Artifact, ExpectationFile, Part } from '../generated/expectation-file.ts';
import { expectationSchemaText } from '../generated/expectation-schema.ts';
import { validateExpectationFile } from '../generated/validate-expectation-file.ts';
import { nearestWord } from '../parse/nearest-word.ts';
import { parseYaml } from '../parse/parse-yaml.ts';
import { schemaProblems } from '../parse/schema-problems.ts';
import { problemAt, type Source, whereOf } from '../parse/source.ts';
import type { Policy, SignerDefinition } from '../policy.ts';
import { type Path, PolicyError, type Problem } from '../problem.ts';

/** Artifacts that a pipeline is expected to contribute. */
export type ExpectedArtifact = {
  /** `file:line:column`. */
  readonly where: string;
  readonly match: string;
  readonly matches: (name: string) => boolean;
  /** How many, exactly; at least one where it is absent. */
  readonly count?: number;
  readonly sha256?: Sha256;
};

/** What one pipeline is expected to contribute, and how its parts are told. */
export type ExpectedPart = {
  /** `file:line:column`. */
  readonly where: string;
  /** What people call it. */
  readonly name: string;
  readonly signer?: string;
  readonly workload?: WorkloadRule;
  readonly repository?: (name: string) => boolean;
  readonly artifacts: readonly ExpectedArtifact[];
};

/** What a release must have before it is closed. */
export type Expectation = {
  readonly file: string;
  /** Whether artifacts that nothing expects may be in it. */
  readonly others: 'refuse' | 'allow';
  readonly parts: readonly ExpectedPart[];
};

const WHAT = 'what the release must have';

/**
 * Reads a file that says what a release must have: YAML or JSON, strictly, its names held against the policy.
 *
 * @throws PolicyError with everything that is wrong with it, by line and column.
 */
export function parseExpectation(bytes: Uint8Array, file: string, policy: Policy): Expectation {
  try {
    const source = parseYaml(bytes, file, { what: 'such a file', needs: 'version and parts' });
    const problems = schemaProblems(source, validateExpectationFile(source.value), expectationSchemaText);
    if (problems.length > 0) throw new PolicyError(problems);
    return read(source, source.value as unknown as ExpectationFile, policy);
  } catch (error) {
    throw error instanceof PolicyError ? new PolicyError(error.problems, WHAT) : error;
  }
}

function read(source: Source, content: ExpectationFile, policy: Policy): Expectation {
  const problems = content.parts.flatMap((part, index) => [
    ...whoProblems(source, ['parts', index], part, policy),
    ...part.artifacts.flatMap((one, at) => [...artifactProblems(source, ['parts', index, 'artifacts', at], one)]),
  ]);
  if (problems.length > 0) throw new PolicyError(problems);
  return {
    file: source.file,
    others: content.others ?? 'refuse',
    parts: content.parts.map((part, index) => readPart(source, ['parts', index], part, policy)),
  };
}

function readPart(source: Source, path: Path, part: Part, policy: Policy): ExpectedPart {
  const { name, signer, repository } = part;
  const workload = part.workload === undefined ? undefined : workloadsOf(policy, signer).get(part.workload);
  return {
    where: whereOf(source, path),
    name: name ?? [signer, part.workload, repository].filter((one) => one !== undefined).join(', '),
    ...(signer === undefined ? {} : { signer }),
    ...(workload === undefined ? {} : { workload }),
    ...(repository === undefined ? {} : { repository: compileGlob(repository) }),
    artifacts: part.artifacts.map((one, index) => readArtifact(source, [...path, 'artifacts', index], one)),
  };
}

function readArtifact(source: Source, path: Path, artifact: Artifact): ExpectedArtifact {
  const { match, count, sha256 } = entryOf(artifact);
  return {
    where: whereOf(source, path),
    match,
    matches: compileGlob(match),
    ...(count === undefined ? {} : { count }),
    ...(sha256 === undefined ? {} : { sha256: digestOf(sha256) }),
  };
}

function entryOf(artifact: Artifact): Exclude<Artifact, string> {
  return typeof artifact === 'string' ? { match: artifact } : artifact;
}

function digestOf(text: string): Sha256 {
  const digest = `sha256:${text.replace('sha256:', '')}`;
  if (!isSha256(digest)) throw new TypeError('a digest that the schema let through');
  return digest;
}

/** The signers a part may be by. */
function signersOf({ signers }: Policy, id: string | undefined): SignerDefinition[] {
  return [...signers.values()].filter((one) => id === undefined || one.id === id);
}

function workloadsOf(policy: Policy, signer: string | undefined): Map<string, WorkloadRule> {
  const rules = signersOf(policy, signer)
    .filter(({ rule }) => rule.certificate)
    .flatMap(({ rule }) => rule.workloads);
  return new Map(rules.map((rule) => [rule.id, rule]));
}

function* whoProblems(source: Source, path: Path, { signer, workload, repository }: Part, policy: Policy): Generator<Problem> {
  if (signer !== undefined && !policy.signers.has(signer)) {
    const known = [...policy.signers.keys()];
    const message = `the policy has no signer "${signer}"; its signers are ${known.join(', ')}`;
    yield problemAt(source, [...path, 'signer'], message, nearestWord(signer, known));
    return;
  }
  const proof = workload === undefined ? 'repository' : 'workload';
  if ((workload !== undefined || repository !== undefined) && !signersOf(policy, signer).some(({ rule }) => rule.certificate)) {
    const message = `the signer signs with keys, and a key proves no ${proof}: leave "${proof}" out, and tell its parts by "signer"`;
    yield problemAt(source, [...path, proof], message);
    return;
  }
  const known = workloadsOf(policy, signer);
  if (workload !== undefined && !known.has(workload)) {
    const whose = signer === undefined ? 'no signer of the policy has' : `the signer ${signer} does not have`;
    const message = `${whose} the workload "${workload}"; there are ${[...known.keys()].join(', ')}`;
    yield problemAt(source, [...path, 'workload'], message, nearestWord(workload, known.keys()));
  }
  if (repository !== undefined) yield* globProblem(source, [...path, 'repository'], repository);
}

function* artifactProblems(source: Source, path: Path, artifact: Artifact): Generator<Problem> {
  const { match, count, sha256 } = entryOf(artifact);
  yield* globProblem(source, typeof artifact === 'string' ? path : [...path, 'match'], match);
  if (sha256 === undefined) return;
  if (match.includes('*'))
    yield problemAt(source, [...path, 'sha256'], 'these are the bytes of one artifact: "match" its name, without "*"');
  if (count !== undefined) yield problemAt(source, [...path, 'count'], 'leave it out: "sha256" is of one artifact');
}
