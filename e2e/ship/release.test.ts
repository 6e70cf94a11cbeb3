import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBillOfMaterials } from '../../tools/ship/check-bill-of-materials.ts';
import { nodes } from '../nodes.ts';
import { describePeer, isInstalled, peer } from '../peers.ts';
import { digestOf, folder } from './launching.ts';
import { releaseForAll, shipTo } from './made-release.ts';

const { home, release } = releaseForAll();
const FILES = [
  'Containerfile',
  'SHA256SUMS',
  'launch.cjs',
  'signwright-0.1.0.tgz',
  'signwright-azure-templates.zip',
  'signwright-github-action.zip',
  'signwright-gitlab-components.zip',
  'signwright-jenkins-library.zip',
  'signwright.cdx.json',
  'signwright.cjs',
  'signwright.licences.txt',
  // A trial does without it where nothing can make it.
  ...(isInstalled('tfx') ? ['signwright.vsix'] : []),
];
const read = (name: string): string => readFileSync(join(release, name), 'utf8');

type Ended = { readonly status: number | null; readonly said: string };
function run(program: string, args: readonly string[], cwd: string): Ended {
  const { status, stdout, stderr } = spawnSync(program, [...args], { cwd, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

function filesBelow(directory: string): string[] {
  const all = readdirSync(directory, { recursive: true, withFileTypes: true });
  return all.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** A copy of the release, for it to be changed. */
function copy(): string {
  const changed = folder();
  cpSync(release, changed, { recursive: true });
  return changed;
}

function verify(directory: string, names: readonly string[]): Ended {
  const by = ['--policy', join(home, 'release-trial', 'signwright.yaml'), '--evidence', 'evidence'];
  return run(process.execPath, [join(release, 'signwright.cjs'), 'verify', ...names, ...by], directory);
}

describe('a release', () => {
  it('holds its files, a signature beside each, and what the signatures rest on', () => {
    const found = readdirSync(release);
    expect(found.filter((name) => !name.endsWith('.sigstore.json') && name !== 'evidence')).toEqual(FILES);
    expect(found.filter((name) => name.endsWith('.sigstore.json'))).toEqual(FILES.map((name) => `${name}.sigstore.json`));
    expect(readdirSync(join(release, 'evidence'))).toContain('evidence');
  });

  it('holds none of the private keys it was signed with', () => {
    const secrets = filesBelow(join(home, 'release-trial'))
      .map((path) => /PRIVATE KEY-----(?:\n|\\n)([A-Za-z0-9+/=]+)/.exec(readFileSync(path, 'utf8'))?.[1])
      .filter((key) => key !== undefined);
    expect(secrets.length).toBeGreaterThan(0);
    for (const path of filesBelow(release)) for (const key of secrets) expect(readFileSync(path, 'latin1')).not.toContain(key);
  });

  it('has sums that sha256sum checks, sorted, of every file but signatures', () => {
    expect(run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], release)).toMatchObject({ status: 0 });
    const names = FILES.filter((name) => name !== 'SHA256SUMS');
    expect(read('SHA256SUMS')).toBe(names.map((name) => `${digestOf(readFileSync(join(release, name)))}  ${name}\n`).join(''));
  });

  it('is verified by its policy, and not once a byte of any file is another', () => {
    expect(verify(release, FILES)).toMatchObject({ status: 0 });
    for (const name of FILES) {
      const changed = copy();
      appendFileSync(join(changed, name), ' ');
      expect(verify(changed, [name])).toMatchObject({ status: 1 });
      expect(run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], changed).status).toBe(1);
    }
  });

  it('is made into an empty directory only', () => {
    const full = folder();
    writeFileSync(join(full, 'signwright.cjs'), 'another');
    expect(() => shipTo(full)).toThrow(/holds signwright.cjs already/);
    expect(readFileSync(join(full, 'signwright.cjs'), 'utf8')).toBe('another');
  });

  it('has the same sums when it is made again', () => {
    expect(readFileSync(join(shipTo(join(folder(), 'again')), 'SHA256SUMS'), 'utf8')).toBe(read('SHA256SUMS'));
  });
});

describePeer('cosign', 'a release with cosign', () => {
  it('verifies each file, and what was attested of the command', () => {
    const domain = join(home, 'release-trial', '.signwright', 'trial');
    const trusted = [
      '--trusted-root',
      join(domain, 'trusted-root.json'),
      '--certificate-identity',
      'https://trial.signwright.invalid/signwright/signwright//trial@refs/heads/main',
      '--certificate-oidc-issuer',
      'https://trial.signwright.invalid',
      '--use-signed-timestamps',
      '--insecure-ignore-tlog',
      '--insecure-ignore-sct',
    ];
    const cosign = (args: readonly string[]): Ended => run(peer('cosign'), args, release);
    for (const name of FILES)
      expect(cosign(['verify-blob', '--bundle', `${name}.sigstore.json`, ...trusted, name])).toMatchObject({ status: 0 });
    expect(cosign(['verify-blob', '--bundle', 'SHA256SUMS.sigstore.json', ...trusted, 'launch.cjs']).status).not.toBe(0);
    const payloadOf = (path: string): Buffer =>
      Buffer.from(JSON.parse(readFileSync(path, 'utf8')).dsseEnvelope?.payload ?? '', 'base64');
    const attestations = filesBelow(join(release, 'evidence', 'evidence')).filter((path) =>
      payloadOf(path).includes('"https://cyclonedx.org/bom"'),
    );
    expect(attestations).toHaveLength(1);
    const attested = [
      'verify-blob-attestation',
      '--bundle',
      attestations[0] ?? '',
      '--type',
      'https://cyclonedx.org/bom',
      ...trusted,
    ];
    expect(cosign([...attested, 'signwright.cjs'])).toMatchObject({ status: 0 });
    expect(cosign([...attested, 'launch.cjs']).status).not.toBe(0);
  });
});

describe('the bill of materials', () => {
  type Component = { name: string; group?: string; version: string; purl: string; licenses: unknown[] };
  const components = (): Component[] => JSON.parse(read('signwright.cdx.json')).components;

  it('is CycloneDX 1.6 by its schema, which a changed one is not', () => {
    const text = read('signwright.cdx.json');
    expect(() => checkBillOfMaterials(text)).not.toThrow();
    expect(() => checkBillOfMaterials(text.replace('"library"', '"shelf"'))).toThrow(/type must be equal to one of/);
    expect(() => checkBillOfMaterials(text.replace('"Apache-2.0"', '"Apache-9"'))).toThrow(/no CycloneDX 1.6/);
  });

  it('names each package that is inside, once, with version, licence and purl, and none that is not', () => {
    const all = components();
    const named = (each: Component): string => [...(each.group ? [each.group] : []), each.name].join('/');
    for (const name of ['commander', 'yaml', '@gitbeaker/rest', '@aws-sdk/client-kms', '@peculiar/x509', 'jose'])
      expect(all.filter((each) => named(each) === name)).toHaveLength(1);
    for (const each of all)
      expect(each).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        licenses: [expect.anything()],
        purl: `pkg:npm/${named(each).replace('@', '%40')}@${each.version}`,
      });
    expect(new Set(all.map(({ purl }) => purl)).size).toBe(all.length);
    for (const name of ['typescript', 'esbuild', 'vitest', 'pkcs11js', 'nx']) expect(all.map(named)).not.toContain(name);
  });

  it('has a licence told for each', () => {
    const licences = read('signwright.licences.txt');
    for (const { name, group, version } of components())
      expect(licences).toContain(`\n${group ? `${group}/` : ''}${name} ${version}: `);
  });
});

describe.each(nodes())('the npm package on %s', (_, program) => {
  it('is installed into an empty folder without a network, alone, and signs and verifies', () => {
    const project = folder();
    const env = { PATH: [dirname(program), process.env['PATH']].join(delimiter), HOME: project };
    const npm = [
      'install',
      '--offline',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
      join(release, 'signwright-0.1.0.tgz'),
    ];
    execFileSync('npm', npm, { cwd: project, env, stdio: 'ignore' });
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['signwright']);
    const signwright = (...args: string[]): string =>
      execFileSync(join(project, 'node_modules', '.bin', 'signwright'), args, {
        cwd: project,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    expect(signwright('--version')).toBe('0.1.0\n');
    mkdirSync(join(project, 'dist'));
    writeFileSync(join(project, 'dist', 'app.tgz'), 'x');
    signwright('init');
    signwright('trust', 'init', '--trial');
    signwright('sign', '--quiet');
    expect(signwright('verify')).toContain('1 artifact: 1 allow');
  });
});
