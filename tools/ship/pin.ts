// npm run pin: whether the version and digest that adapters name are those of what is built; -- --write names what is built.
import { writeFileSync } from 'node:fs';
import { built, PIN, pinDiffers, pinned } from './release.ts';

const now = built();
if (process.argv.includes('--write')) {
  writeFileSync(PIN, `${JSON.stringify(now, undefined, 2)}\n`);
  console.log(`adapters name ${now.version} with SHA-256 ${now.sha256}; now run "npm run generate"`);
} else {
  const difference = pinDiffers(pinned(), now);
  console.log(difference ?? `adapters name what is built: ${now.version} with SHA-256 ${now.sha256}`);
  if (difference !== undefined) process.exitCode = 1;
}
