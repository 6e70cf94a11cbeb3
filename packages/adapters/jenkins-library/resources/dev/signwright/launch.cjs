'use strict';
// Runs the command line of Signwright where its SHA-256 is the one that is named, and nothing else: node launch.cjs ARGUMENT…
// SIGNWRIGHT_CLI is the file, or an https URL; SIGNWRIGHT_CLI_SHA256 what it must be. What was verified is kept in the user's cache
// and held against the digest each time; what runs are the bytes that were hashed.
const { createHash, randomUUID } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { delimiter, dirname, isAbsolute, join, resolve, sep } = require('node:path');
const Module = require('node:module');

const MAX_BYTES = 64 * 1024 * 1024;
const DEADLINE_MS = 120_000;

class Refusal extends Error {
  constructor(exitCode, message, next) {
    super(message);
    Object.assign(this, { exitCode, next });
  }
}

async function main() {
  const { SIGNWRIGHT_CLI: from = '', SIGNWRIGHT_CLI_SHA256: wanted = '' } = process.env;
  if (!/^[0-9a-f]{64}$/.test(wanted))
    throw new Refusal(
      2,
      wanted === '' ? 'SIGNWRIGHT_CLI_SHA256 is not set' : 'SIGNWRIGHT_CLI_SHA256 is not a SHA-256',
      'give the 64 lower-case hex digits, and nothing else, that SHA256SUMS of the release has for signwright.cjs',
    );
  const kept = join(cacheDirectory(), 'cli', `${wanted}.cjs`);
  const bytes = readKept(kept, wanted) ?? keep(kept, check(await read(from), wanted, from));
  run(kept, bytes.toString('utf8'));
}

function cacheDirectory() {
  const { SIGNWRIGHT_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const users = XDG_CACHE_HOME || (process.platform === 'win32' && LOCALAPPDATA);
  return resolve(SIGNWRIGHT_CACHE || join(users || join(home(), '.cache'), 'signwright'));
}

/** A container may run as a user that nobody has listed, without a home: nothing can be kept there then. */
function home() {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}

function readKept(path, wanted) {
  try {
    const bytes = readFile(path);
    return digestOf(bytes) === wanted ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function readFile(path) {
  const found = statSync(path);
  if (!found.isFile()) throw new Refusal(2, `${path} is no file`, 'name signwright.cjs itself');
  if (found.size > MAX_BYTES) throw new Refusal(2, `${path} is larger than ${MAX_BYTES} bytes`, 'name signwright.cjs itself');
  return readFileSync(path);
}

async function read(from) {
  if (from === '')
    throw new Refusal(2, 'SIGNWRIGHT_CLI is not set', 'name signwright.cjs: a file of this machine, or an https URL');
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) return download(from);
  try {
    return readFile(from);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(2, `${from} cannot be read: ${error.code}`, 'install signwright.cjs there, or name where it is');
  }
}

async function download(from) {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw new Refusal(2, 'SIGNWRIGHT_CLI is no https URL without a user', 'give an https URL, or the path of a file');
  const place = url.origin + url.pathname;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(DEADLINE_MS)]);
  try {
    let answer = await fetch(url, { headers: ofThisGitlab(url), redirect: 'manual', signal });
    const moved = answer.status >= 300 && answer.status < 400 ? new URL(answer.headers.get('location') ?? '', url) : undefined;
    if (moved?.protocol === 'https:') answer = await fetch(moved, { redirect: 'error', signal });
    if (!answer.ok) throw notOk(place, answer.status);
    const chunks = [];
    let size = 0;
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Refusal(2, `${place} is larger than ${MAX_BYTES} bytes`, 'name signwright.cjs itself');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(
      3,
      `${place} cannot be reached: ${error.cause?.code ?? error.cause?.message ?? error.name}`,
      'try again, or install the file and name its path',
    );
  } finally {
    ended.abort();
  }
}

function notOk(place, status) {
  const later = status >= 500 || status === 408 || status === 429;
  return new Refusal(
    later ? 3 : 2,
    `${place} answered ${status}`,
    later ? 'try again' : 'look whether the release has that file',
  );
}

/** A GitLab gives packages of a project that is not public to its own jobs alone. */
function ofThisGitlab(url) {
  const { CI_API_V4_URL: api, CI_JOB_TOKEN: token } = process.env;
  return api && token && url.href.startsWith(`${api}/`) ? { 'JOB-TOKEN': token } : {};
}

function check(bytes, wanted, from) {
  const found = digestOf(bytes);
  if (found === wanted) return bytes;
  throw new Refusal(
    1,
    `${from.split('?')[0]} is not the command that was to run: its SHA-256 is ${found}, not ${wanted}`,
    'find out who changed it; nothing was run',
  );
}

function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whoever cannot keep it reads it again the next time. */
function keep(path, bytes) {
  const partial = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(partial, bytes, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(partial, path);
  } catch {
    discard(partial);
  }
  return bytes;
}

function discard(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // There was no place to write it to.
  }
}

/** No folder of the job's is searched for modules: what NODE_PATH names besides, and nothing of the home directory. */
function run(path, source) {
  const { NODE_PATH = '', HOME, USERPROFILE } = process.env;
  const here = join(process.cwd(), sep);
  const named = NODE_PATH.split(delimiter).filter((folder) => isAbsolute(folder) && !join(folder, sep).startsWith(here));
  for (const name of ['HOME', 'USERPROFILE']) delete process.env[name];
  process.env.NODE_PATH = named.join(delimiter);
  Module._initPaths();
  for (const [name, value] of Object.entries({ HOME, USERPROFILE })) if (value !== undefined) process.env[name] = value;
  process.argv.splice(1, 1, path);
  const program = Object.assign(new Module(path), { filename: path, paths: [] });
  program._compile(source, path);
}

main().catch((error) => {
  const known = error instanceof Refusal;
  process.stderr.write(
    `error: ${known ? `${error.message}\n  → ${error.next}` : error.stack}\n`.replace(/[^\x20-\x7e\n→]|##|::/g, '?'),
  );
  process.exitCode = known ? error.exitCode : 70;
});
