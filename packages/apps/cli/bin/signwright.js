#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const program = new URL('../bundle/main.js', import.meta.url);
if (major < 20 || (major === 20 && minor < 20)) {
  process.stderr.write(`signwright needs Node 20.20 or newer and runs on ${process.versions.node}\n`);
  process.exitCode = 2;
} else if (!existsSync(fileURLToPath(program))) {
  process.stderr.write('signwright is not built: run "npm run build" first\n');
  process.exitCode = 2;
} else {
  module.enableCompileCache?.();
  const { run } = await import(program.href);
  await run(process.argv);
}
