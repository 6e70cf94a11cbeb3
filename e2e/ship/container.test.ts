import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContainerFile, type Step } from './container-file.ts';
import { folder } from './launching.ts';
import { releaseForAll } from './made-release.ts';

const { release } = releaseForAll();
const steps = (): Step[] => readContainerFile(readFileSync(join(release, 'Containerfile'), 'utf8'));
const all = (instruction: string): string[] =>
  steps().flatMap((step) => (step.instruction === instruction ? [step.argument] : []));

/** The files a COPY takes, and where they go. */
function copied(): { readonly sources: readonly string[]; readonly target: string } {
  const [copy = '', ...more] = all('COPY');
  expect(more).toEqual([]);
  const names = copy.split(' ');
  return { sources: names.slice(0, -1), target: names.at(-1) ?? '' };
}

/** Carries out what the file says of the command, in a directory that stands for /. @param spoil changes what was copied. */
function build(spoil: (opt: string) => void = () => undefined): {
  readonly root: string;
  readonly status: number | null;
  readonly said: string;
} {
  const root = folder();
  const inRoot = (path: string): string => join(root, path);
  let working = '/';
  const ran: { status: number | null; said: string }[] = [];
  mkdirSync(inRoot('/usr/local/bin'), { recursive: true });
  for (const { instruction, argument } of steps()) {
    if (instruction === 'WORKDIR') {
      working = argument;
      mkdirSync(inRoot(working), { recursive: true });
    }
    if (instruction === 'COPY') {
      for (const name of copied().sources) cpSync(join(release, name), join(inRoot(working), copied().target, name));
      spoil(inRoot(working));
    }
    if (instruction === 'RUN' && !argument.startsWith('apt-get')) {
      const here = argument.replaceAll(/(?<=\s)\/(?=opt|usr)/g, `${root}/`);
      const path = [inRoot('/usr/local/bin'), dirname(process.execPath), process.env['PATH']].join(':');
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', here], {
        cwd: inRoot(working),
        env: { PATH: path },
        encoding: 'utf8',
      });
      ran.push({ status, said: `${stdout}${stderr}` });
    }
  }
  expect(ran).toHaveLength(1);
  return { root, status: null, said: '', ...ran[0] };
}

describe('the container file of a release', () => {
  it('starts from one base, which can be named by its digest', () => {
    expect(steps()[0]).toEqual({ instruction: 'ARG', argument: 'NODE=docker.io/library/node:24-bookworm-slim' });
    expect(all('FROM').join()).toMatch(/^\$\{NODE\}$/);
  });

  it('takes from the release alone what it copies', () => {
    for (const name of copied().sources) expect(existsSync(join(release, name)), name).toBe(true);
    expect(copied().sources).toEqual(expect.arrayContaining(['SHA256SUMS', 'signwright.cjs', 'launch.cjs']));
  });

  it('fetches nothing but what Debian signs', () => {
    const [packages, ...others] = all('RUN');
    expect(packages).toMatch(
      /^apt-get update && apt-get install --yes --no-install-recommends [a-z -]+&& rm -rf \/var\/lib\/apt\/lists\/\* && git config --system safe.directory '\*'$/,
    );
    expect(packages).not.toMatch(/softhsm|allow-unauthenticated|trusted=yes/);
    for (const wanted of ['ca-certificates', 'git']) expect(packages?.split(' ')).toContain(wanted);
    expect(others.join('\n')).not.toMatch(/curl|wget|npm|npx|pip|https?:|ftp:|git clone|apt/);
  });

  it('puts the command on PATH, readable and executable by the user of jobs, who is not root', () => {
    const { root, status, said } = build();
    expect({ status, said }).toEqual({ status: 0, said: expect.stringMatching(/\n0\.1\.0\n$/) });
    const link = join(root, 'usr/local/bin/signwright');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readlinkSync(link)).toBe(join(root, 'opt/signwright/signwright.cjs'));
    expect(lstatSync(readlinkSync(link)).mode & 0o777).toBe(0o755);
    expect(steps().at(-1)).toEqual({ instruction: 'USER', argument: 'node' });
    expect(all('ENV')).toEqual(['NODE_PATH=/opt/signwright/node_modules']);
  });

  it.each<[string, (opt: string) => void]>([
    ['the command is another', (opt) => appendFileSync(join(opt, 'signwright.cjs'), ' ')],
    ['the launcher is another', (opt) => appendFileSync(join(opt, 'launch.cjs'), ' ')],
    ['the launcher is missing', (opt) => rmSync(join(opt, 'launch.cjs'))],
    ['the sums leave the command out', (opt) => dropSum(opt, /^.* signwright\.cjs\n/m)],
    ['the sums are empty', (opt) => writeFileSync(join(opt, 'SHA256SUMS'), '')],
    ['the sums are missing', (opt) => rmSync(join(opt, 'SHA256SUMS'))],
    ["the sums name the command's digest for another file only", (opt) => dropSum(opt, / (?=signwright\.cjs$)/m, ' x')],
  ])('is not built where %s', (_, spoil) => {
    const { root, status, said } = build(spoil);
    expect(status).not.toBe(0);
    expect(said).not.toContain('\n0.1.0\n');
    expect(existsSync(join(root, 'usr/local/bin/signwright'))).toBe(false);
  });
});

describe('reading a container file', () => {
  it.each(['ADD https://x.example/y /', 'ENTRYPOINT x', 'RUN', 'run x'])('refuses what ours does not hold: %s', (line) => {
    expect(() => readContainerFile(`FROM x\n${line}\n`)).toThrow(/no step we know/);
  });
});

function dropSum(opt: string, pattern: RegExp, by = ''): void {
  const sums = join(opt, 'SHA256SUMS');
  const text = readFileSync(sums, 'utf8');
  expect(text).toMatch(pattern);
  writeFileSync(sums, text.replace(pattern, by));
}
