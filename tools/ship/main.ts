// npm run ship -- DIRECTORY: fills it with a release, signs it and checks it. Options: --policy FILE, --anchor FILE, --environment ID;
// without a policy it is a trial, in a trust domain made beside it.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { locate } from '../peers/locate.ts';
import { PEERS, type PeerName } from '../peers/peers.ts';
import { CONTENTS } from './contents.ts';
import { built, pinDiffers, pinned } from './release.ts';
import { signRelease } from './sign-release.ts';
import { emptyDirectory } from './steps.ts';
import { writeSums } from './sums.ts';

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  options: { policy: text, anchor: text, environment: text },
  allowPositionals: true,
});
const [given] = positionals;
if (given === undefined || positionals.length > 1) throw new Error('usage: npm run ship -- DIRECTORY [--policy FILE]');
const directory = resolve(given);
const paths = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, name === 'environment' ? value : resolve(value)]),
);

const difference = pinDiffers(pinned(), built());
if (difference !== undefined && values.policy !== undefined) throw new Error(`${difference}: run "npm run pin -- --write"`);
if (difference !== undefined) console.error(`note: ${difference}`);

emptyDirectory(directory);
const missing = CONTENTS.filter(({ needs }) => needs !== undefined && !isInstalled(needs));
for (const { name, needs } of missing) {
  const why = `${name} cannot be made: ${needs} is not installed (node tools/peers/install.ts ${needs})`;
  if (values.policy !== undefined) throw new Error(why);
  console.error(`note: ${why}`);
}
const contents = CONTENTS.filter((one) => !missing.includes(one));
for (const { name, make } of contents) make(join(directory, name));
const names = contents.map(({ name }) => name);
writeSums(directory, names);
signRelease(directory, names, paths);
console.log(`a release is in ${directory}`);

function isInstalled(name: PeerName): boolean {
  const entry = PEERS.find((one) => one.name === name);
  return entry !== undefined && locate(entry) !== undefined;
}
