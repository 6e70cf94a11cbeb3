import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateList } from './certificate-list.ts';
import { type Command, compare, type Row, time } from './measure.ts';
import { makeTrial } from './trial.ts';

const CERTIFICATES = 100_000;
const ROUNDS = 5;
const MEMORY = 1_000_000_000;

/** Reads what the inventory's store has, and makes objects of it: what any list of it costs at the least. */
const RAW = `const { readdirSync, readFileSync } = require('node:fs');
for (const of of ['pages', 'journal'])
  for (const name of readdirSync('inventory/' + of)) {
    if (of === 'journal' && Number(name) < 256 * readdirSync('inventory/pages').length) continue;
    JSON.parse(readFileSync('inventory/' + of + '/' + name, 'utf8'));
  }`;

/** An inventory of a hundred thousand certificates in a directory, listed and exported, against reading and parsing its bytes. */
export async function inventory(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    const { directory, signwright } = trial;
    appendFileSync(
      join(directory, 'signwright.yaml'),
      `certificates:
  inventory: inventory
  authorities: { acme: { fulcio: https://fulcio.acme.example } }
  profiles: { ci: { purpose: ci, authority: acme, validity: 10m, owner: platform, workloads: [ci] } }
  alerts: [30d, 7d]
`,
    );
    writeFileSync(join(directory, 'list.csv'), certificateList(CERTIFICATES));
    const imported = await time(signwright('cert', 'import', 'list.csv'));
    // Whoever reads it first puts entries together into pages.
    await time(signwright('cert', 'list'));
    const raw: Command = { program: process.execPath, args: ['-e', RAW], cwd: directory };
    const [theirs, ...ours] = await compare(ROUNDS, [
      raw,
      signwright('cert', 'list'),
      signwright('cert', 'export', '--format', 'csv', '--out', 'out.csv'),
      signwright('cert', 'export', '--format', 'json', '--out', 'out.json'),
      signwright('cert', 'export', '--format', 'ocsf', '--out', 'out.jsonl'),
      signwright('cert', 'alerts', '--dry-run'),
    ]);
    const against = 'reading and parsing the same bytes';
    const row = (what: string, taken: { ms: number; memory: number } | undefined, goal: NonNullable<Row['goal']>): Row => ({
      what: `${CERTIFICATES / 1000},000 certificates, ${what}`,
      ours: taken?.ms ?? 0,
      theirs: theirs?.ms ?? 0,
      against,
      goal,
      memory: { ours: taken?.memory ?? 0, theirs: theirs?.memory ?? 0, atMost: MEMORY },
    });
    return [
      row('import', imported, { within: 30_000 }),
      row('list', ours[0], { atMost: 10 }),
      row('export as CSV', ours[1], { atMost: 12 }),
      row('export as JSON', ours[2], { atMost: 12 }),
      row('export as OCSF', ours[3], { atMost: 15 }),
      row('alerts', ours[4], { atMost: 10 }),
    ];
  } finally {
    trial.remove();
  }
}
