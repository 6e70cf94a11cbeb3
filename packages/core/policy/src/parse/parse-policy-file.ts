import type { PolicyFile } from '../generated/policy-file.ts';
import { policySchemaText } from '../generated/policy-schema.ts';
import { validatePolicyFile } from '../generated/validate-policy-file.ts';
import { PolicyError } from '../problem.ts';
import { parseYaml } from './parse-yaml.ts';
import { schemaProblems } from './schema-problems.ts';
import type { Source } from './source.ts';

/** A policy file whose shape is right: what it says, and where. */
export type ParsedFile = { readonly source: Source; readonly content: PolicyFile };

/** Reads one policy file's bytes and checks its shape. @throws PolicyError with every problem found. */
export function parsePolicyFile(bytes: Uint8Array, file: string): ParsedFile {
  const source = parseYaml(bytes, file);
  const problems = schemaProblems(source, validatePolicyFile(source.value), policySchemaText);
  if (problems.length > 0) throw new PolicyError(problems);
  return { source, content: source.value as unknown as PolicyFile };
}
