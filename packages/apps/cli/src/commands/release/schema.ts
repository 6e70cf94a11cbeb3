import { expectationSchemaText } from '@signwright/policy';

/** `signwright release schema`: the schema of files that say what a release must have. */
export async function releaseSchema(): Promise<void> {
  process.stdout.write(expectationSchemaText);
}
