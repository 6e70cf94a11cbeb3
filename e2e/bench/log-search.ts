import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@signwright/signing-core';
import { numberedIntent } from '@signwright/testkit';
import { largeLog } from './large-log.ts';
import { type Command, compare, type Row, time } from './measure.ts';
import { makeTrial } from './trial.ts';

const RECORDS = 1_000_000;
const ROUNDS = 5;
const WITHIN = 3_000;
const MEMORY = 300_000_000;

/** What people ask of a log, and the pattern by which grep finds the lines it would be answered from. */
const { signer } = numberedIntent(3);
const QUESTIONS: readonly { readonly what: string; readonly args: readonly string[]; readonly grep: string }[] = [
  { what: 'all that a key signed since', args: ['--key', signer.key, '--since', '2026-06-01'], grep: `"key":"${signer.key}"` },
  {
    what: 'every refusal of a month',
    args: ['--outcome', 'refused', '--since', '2026-05-01', '--until', '2026-06-01'],
    grep: '"outcome":"refused"',
  },
  { what: 'artifacts by a pattern', args: ['--artifact', 'dist/*/app-377-*'], grep: '/app-377-' },
  { what: 'an artifact by its digest', args: ['--digest', sha256('artifact 777 0')], grep: sha256('artifact 777 0') },
  {
    what: 'a pipeline, by its repository',
    args: ['--pipeline', 'https://gitlab.example/acme/app-77'],
    grep: '"https://gitlab.example/acme/app-77"',
  },
  { what: 'failures in production', args: ['--outcome', 'failed', '--environment', 'production'], grep: '"outcome":"failed"' },
];

/** Questions to a log of a million records, each by a process of its own, against grep over the same records as lines of JSON. */
export async function logSearch(): Promise<Row[]> {
  const log = await largeLog(RECORDS);
  const trial = makeTrial('key');
  try {
    appendFileSync(
      join(trial.directory, 'signwright.yaml'),
      `audit: { log: ${JSON.stringify(log.directory)}, verifier-keys: ["${log.verifierKey}"] }\n`,
    );
    const index = join(trial.directory, 'index.sqlite');
    const search = (args: readonly string[]): Command =>
      trial.signwright('audit', 'search', '--index', index, '--limit', '1000', '--output', 'json', ...args);
    // Where nobody reads what it prints, grep ends with the first line it finds.
    const grep = (pattern: string): Command => ({
      program: 'sh',
      args: ['-c', 'grep -F -e "$1" "$2" | cat > /dev/null', 'sh', pattern, log.lines],
      cwd: trial.directory,
      env: { LC_ALL: 'C' },
    });
    const built = await time(search(['--digest', sha256('nobody')]));
    const perSecond = Math.round((RECORDS / built.ms) * 1000);
    const size = (file: string): string => `${Math.round(statSync(file).size / 1e6)} MB`;
    console.error(
      `the index: ${perSecond} records/s, ${size(index)} for ${size(log.lines)} of records, peak ${Math.round(built.memory / 1e6)} MB`,
    );
    const commands = QUESTIONS.flatMap(({ args, grep: pattern }) => [search(args), grep(pattern)]);
    const taken = await compare(ROUNDS, commands);
    return QUESTIONS.map(({ what }, number) => {
      const [ours, theirs] = taken.slice(2 * number) as [{ ms: number; memory: number }, { ms: number; memory: number }];
      return {
        what: `search 1,000,000 records: ${what}`,
        ours: ours.ms,
        theirs: theirs.ms,
        against: 'grep',
        goal: { within: WITHIN },
        memory: { ours: ours.memory, atMost: MEMORY },
      };
    });
  } finally {
    trial.remove();
  }
}
