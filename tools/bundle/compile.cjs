'use strict';
// Runs the bundled command as it is asked to, and keeps what V8 has compiled of it by then.

const { writeFileSync } = require('node:fs');
const { load } = require('../../packages/apps/cli/bin/load.cjs');

const { program, script, compiled } = load();
program.run([process.execPath, 'signwright', ...process.argv.slice(2)]).then(() => {
  if (process.exitCode) throw new Error(`the run that was to be kept exited ${process.exitCode}`);
  writeFileSync(compiled, script.createCachedData());
});
