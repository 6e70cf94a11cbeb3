import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** How the file starts: parts that are loaded late stay packed until they are asked for, so that a run reads and compiles what it needs. */
const START = `const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  process.stderr.write('signwright needs Node 20.20 or newer and runs on ' + process.versions.node + '\\n');
  process.exitCode = 2;
} else {
  const loaded = new Map();
  const asked = (name) => {
    const packed = PARTS[name];
    if (packed === undefined) return require(name);
    if (!loaded.has(name)) {
      const part = { exports: {} };
      loaded.set(name, part);
      const text = require('node:zlib').brotliDecompressSync(Buffer.from(packed, 'base64')).toString('latin1');
      const wrapped = '(function (exports, require, module, __filename, __dirname) {' + text + '\\n})';
      const script = new (require('node:vm').Script)(wrapped, { filename: __filename + ':' + name });
      script.runInThisContext()(part.exports, asked, part, __filename, __dirname);
    }
    return loaded.get(name).exports;
  };
  const program = { exports: {} };
  main(program.exports, asked, program);
  program.exports.run(process.argv);
}
`;

/**
 * Puts the bundle's files into one, `signwright.cjs`, which needs nothing beside it: for tool caches and adapters, which hold it against
 * one SHA-256. Its licences go into a file of their own.
 *
 * @param directory where the bundle's files are, and where the two are written.
 */
export function writeSingleFile(directory: string): void {
  const names = readdirSync(directory).sort();
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const withoutComments = (text: string): string =>
    text.replace(/\n\/\*! For license information[^\n]*\*\/|\n\/\/# sourceMappingURL=.*/g, '');
  const parts = names.filter((name) => name.endsWith('.cjs') && name !== 'main.cjs' && name !== SINGLE);
  const texts = Object.fromEntries(parts.map((name) => [`../bundle/${name}`, pack(inAscii(withoutComments(read(name))))]));
  // V8 compiles a function in brackets at once; it would read one without them twice.
  const main = `const main = (function (exports, require, module) {${inAscii(withoutComments(read('main.cjs')))}\n});\n`;
  const text = `#!/usr/bin/env node\n'use strict';\nconst PARTS = ${JSON.stringify(texts)};\n${main}${START}`;
  writeFileSync(join(directory, SINGLE), text, { mode: 0o755 });
  const legal = names.filter((name) => name.endsWith('.LEGAL.txt') && name !== `${SINGLE}.LEGAL.txt`);
  writeFileSync(
    join(directory, `${SINGLE}.LEGAL.txt`),
    legal.map((name) => `${name.replace('.LEGAL.txt', '')}\n\n${read(name)}`).join('\n'),
  );
}

const SINGLE = 'signwright.cjs';

/** The same bytes on every machine that builds with this Node: Brotli has one encoder, which takes no account of the processor. */
function pack(text: string): string {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  return brotliCompressSync(text, { params }).toString('base64');
}

/**
 * Without a character beyond ASCII, of which one makes V8 keep the whole text in twice the memory and take twice the time. Only regular
 * expressions have any, as esbuild leaves them, and there as elsewhere the escape means the same.
 */
function inAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
