// npm run bench: ours against a peer or a raw primitive, in the same run, as ratios. Options: --json FILE, --only WORD.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adapters } from './adapters.ts';
import { decisions } from './decide.ts';
import { inventory } from './inventory.ts';
import { kms } from './kms.ts';
import { logAppends } from './log-appends.ts';
import { logSearch } from './log-search.ts';
import { manySmallFiles } from './many-small-files.ts';
import { type Row, table } from './measure.ts';
import { oneLargeFile } from './one-large-file.ts';
import { shipped } from './shipped.ts';
import { softHsm } from './softhsm.ts';
import { startUp } from './start-up.ts';

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });
const suites = {
  'start-up': startUp,
  shipped,
  'small-files': manySmallFiles,
  'large-file': oneLargeFile,
  decide: decisions,
  'log-appends': logAppends,
  'log-search': logSearch,
  softhsm: softHsm,
  kms,
  inventory,
  adapters,
};

const rows: Row[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (values.only !== undefined && values.only !== name) continue;
  console.error(`measuring ${name} …`);
  rows.push(...(await suite()));
}
console.log(table(rows));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
