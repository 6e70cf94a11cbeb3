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

if (major < 20 || (major === 20 && minor < 20)) {
  refuse(`signwright needs Node 20.20 or newer and runs on ${process.versions.node}`);
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${require('../package.json').version}\n`);
} else if (!existsSync(program)) {
  refuse('signwright is not built: run "npm run build" first');
} else {
  import('../bundle/main.js').then(
    ({ run }) => run(process.argv),
    (error) => {
      process.exitCode = 70;
      process.stderr.write(`signwright cannot start; its installation is broken: ${error.message}\n`);
    },
  );
}
