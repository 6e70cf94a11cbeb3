'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const PROGRAM = join(__dirname, '..', 'bundle', 'main.cjs');

/**
 * Loads the bundle, with the code that V8 compiled of it when it was built: a third of a short run is compiling. The two are shipped
 * together and trusted alike; where this Node has another V8 it takes the source alone. No other cache is read, for what is in one
 * is run.
 */
exports.load = function load() {
  const source = readFileSync(PROGRAM, 'utf8');
  const compiled = `${PROGRAM}.compiled`;
  const script = new Script(`(function (exports, require, module) {${source}\n})`, {
    filename: PROGRAM,
    cachedData: existsSync(compiled) ? readFileSync(compiled) : undefined,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module);
  return { program: module.exports, script, compiled };
};

exports.isBuilt = () => existsSync(PROGRAM);
