#!/usr/bin/env node
'use strict';
// CommonJS, for it starts fastest: the version is answered before anything else is loaded.

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const program = join(__dirname, '..', 'bundle', 'main.js');
const [major, minor] = process.versions.node.split('.').map(Number);

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}

/** Where Node keeps compiled code between runs: only in a directory of this user's own, for what is in it is run. */
function compileCache() {
  const cache = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
  return cache ? join(cache, 'signwright', 'compiled') : undefined;
}

if (major < 20 || (major === 20 && minor < 20)) {
  refuse(`signwright needs Node 20.20 or newer and runs on ${process.versions.node}`);
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${require('../package.json').version}\n`);
} else if (!existsSync(program)) {
  refuse('signwright is not built: run "npm run build" first');
} else {
  const directory = compileCache();
  if (directory) require('node:module').enableCompileCache?.(directory);
  import('../bundle/main.js').then(({ run }) => run(process.argv));
}
