import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a commit of a test says of itself. */
export type TestCommit = {
  /** `Name <address>`; the committer is the author unless told. */
  readonly author?: string;
  readonly committer?: string;
  readonly message?: string;
  readonly parents?: readonly string[];
  /** Seconds; each commit is a minute after the one made before it unless told. */
  readonly date?: number;
  /** A file with a private SSH key. */
  readonly signedBy?: string;
};

/** A bare repository that real git made. Commits are there for their history; their trees are empty. */
export type TestRepository = {
  readonly path: string;
  git(...args: readonly string[]): string;
  commit(commit?: TestCommit): string;
  /** Stores these bytes as a commit, whatever they are. */
  raw(bytes: string | Uint8Array): string;
  /** The bytes of a commit. */
  bytesOf(commit: string): Buffer;
  /** A key of its own kind, made by ssh-keygen. */
  sshKey(name: string): { readonly file: string; readonly publicKey: string };
  tree: string;
};

const ANN = 'Ann <ann@acme.example>';
const places: string[] = [];

/** Removes every repository made. */
export function removeRepositories(): void {
  for (const place of places.splice(0)) rmSync(place, { recursive: true });
}

/** A directory that goes with the repositories. */
export function newPlace(): string {
  const place = mkdtempSync(join(tmpdir(), 'signwright-authors-test-'));
  places.push(place);
  return place;
}

/** Runs git as no user in particular. */
export function runGit(
  directory: string,
  args: readonly string[],
  { input, env = {} }: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Buffer {
  const fixed = { PATH: process.env['PATH'] ?? '', HOME: directory, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', args, { cwd: directory, env: { ...fixed, ...env }, input, stdio: 'pipe', maxBuffer: 1e9 });
}

export function testRepository(format: 'sha1' | 'sha256' = 'sha1'): TestRepository {
  const place = newPlace();
  const path = join(place, 'repository.git');
  runGit(place, ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, path]);
  let clock = 1_700_000_000;
  const text = (args: readonly string[], options = {}): string => runGit(path, args, options).toString().trim();
  const tree = text(['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' });
  return {
    path,
    tree,
    git: (...args) => text(args),
    commit({ author = ANN, committer = author, message = 'Change', parents = [], date, signedBy } = {}) {
      clock = date ?? clock + 60;
      const env = { ...identity('AUTHOR', author, clock), ...identity('COMMITTER', committer, clock) };
      const signing = signedBy === undefined ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${signedBy}`];
      const options = [...parents.flatMap((parent) => ['-p', parent]), ...(signedBy === undefined ? [] : ['-S'])];
      return text([...signing, 'commit-tree', ...options, '-F', '-', tree], { input: message, env });
    },
    raw: (input) => text(['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], { input }),
    bytesOf: (commit) => runGit(path, ['cat-file', 'commit', commit]),
    sshKey(name) {
      const file = join(place, name);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
      return { file, publicKey: readFileSync(`${file}.pub`, 'utf8') };
    },
  };
}

function identity(who: 'AUTHOR' | 'COMMITTER', written: string, seconds: number): Record<string, string> {
  const [, name = '', email = ''] = /^(.*?) ?<(.*)>$/.exec(written) ?? [];
  return { [`GIT_${who}_NAME`]: name, [`GIT_${who}_EMAIL`]: email, [`GIT_${who}_DATE`]: `@${seconds} +0000` };
}

/** A program that leaves a file behind where it ran. */
export function tellTale(): { readonly program: string; readonly trace: string } {
  const place = newPlace();
  const [program, trace] = [join(place, 'program'), join(place, 'ran')];
  writeFileSync(program, `#!/bin/sh\necho ran >> '${trace}'\n`, { mode: 0o755 });
  return { program, trace };
}
