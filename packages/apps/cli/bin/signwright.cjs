#!/usr/bin/env node
'use strict';
// CommonJS, for it starts fastest: the version is answered before anything else is loaded.

const { isBuilt, load } = require('./load.cjs');

const [major, minor] = process.versions.node.split('.').map(Number);

function refuse(message, exitCode) {
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
}

if (major < 20 || (major === 20 && minor < 20)) {
  refuse(`signwright needs Node 20.20 or newer and runs on ${process.versions.node}`, 2);
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${require('../package.json').version}\n`);
} else if (!isBuilt()) {
  refuse('signwright is not built: run "npm run build" first', 2);
} else {
  try {
    load().program.run(process.argv);
  } catch (error) {
    refuse(`signwright cannot start, its installation is broken: ${error.message}`, 70);
  }
}
