import { createHash } from 'node:crypto';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const PLAIN = '  - { match: "dist/**", tier: internal }';
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(
  rules = PLAIN,
  files: Record<string, string> = { 'dist/a.bin': 'a', 'dist/b.bin': 'b' },
  more = '',
): Promise<Workspace> {
  const workspace = await createWorkspace({ policy: trialPolicy(rules, more), files });
  made.push(workspace);
  return workspace;
}

/** The artifacts each part in the store names. */
function parts(here: Workspace): string[][] {
  return [...here.evidence().values()].map((bytes) => {
    const bundle = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()) as {
      subject: { name: string }[];
    };
    return statement.subject.map(({ name }) => name);
  });
}

describe.concurrent('signwright sign', () => {
  test('leaves one part over all artifacts, and a bundle beside each file for other tools', async () => {
    const here = await project();
    const sign = await here.run(['sign']);
    expect(sign.status).toBe(0);
    expect(sign.stdout).toContain('2 artifacts: 2 signed');
    expect(sign.stderr).toMatch(/build: signed 2, evidence sha256:[0-9a-f]{64}\n/);
    expect(parts(here)).toEqual([['dist/a.bin', 'dist/b.bin']]);
    expect(here.files('dist')).toEqual(['a.bin', 'a.bin.sigstore.json', 'b.bin', 'b.bin.sigstore.json']);
  });

  test('--no-sidecars leaves one signature however many files there are', async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`dist/${at}.bin`, `file ${at}`]));
    const here = await project(PLAIN, files);
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(here.evidence().size).toBe(1);
    expect(here.files('dist')).toHaveLength(300);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('a second run reuses everything: no new evidence, and the same bytes beside the files', async () => {
    const here = await project();
    await here.run(['sign']);
    const before = [
      here.files('.signwright/evidence'),
      here.read('dist/a.bin.sigstore.json'),
      here.read('dist/b.bin.sigstore.json'),
    ];
    const again = await here.run(['sign']);
    expect(again.status).toBe(0);
    expect(again.stderr).toContain('build: 2 signed before, under the same requirements');
    expect([
      here.files('.signwright/evidence'),
      here.read('dist/a.bin.sigstore.json'),
      here.read('dist/b.bin.sigstore.json'),
    ]).toEqual(before);
  });

  test('says how many files beside the artifacts it replaced that were not its own', async () => {
    const here = await project();
    here.write('dist/a.bin.sigstore.json', '{"whose":"not ours"}');
    const sign = await here.run(['sign', 'dist/a.bin', 'dist/b.bin']);
    expect(sign.status).toBe(0);
    expect(sign.stderr).toContain('wrote 2 × FILE.sigstore.json');
    expect(sign.stderr).toContain('1 of FILE.sigstore.json are not its signature over FILE as it is now, and are replaced');
    expect(here.read('dist/a.bin.sigstore.json')).toContain('messageSignature');
    expect((await here.run(['sign'])).stderr).not.toContain('replaced');
  });

  test('a changed file gets a part of its own, and the signature of the others is kept', async () => {
    const here = await project();
    await here.run(['sign']);
    const sidecar = here.read('dist/b.bin.sigstore.json');
    here.write('dist/a.bin', 'a, changed');
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(parts(here).sort((a, b) => a.length - b.length)).toEqual([['dist/a.bin'], ['dist/a.bin', 'dist/b.bin']]);
    expect(here.read('dist/b.bin.sigstore.json')).toBe(sidecar);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('an edit of the policy that changes no requirement reuses the parts; one that does makes new ones', async () => {
    const here = await project();
    await here.run(['sign']);
    here.write('signwright.yaml', trialPolicy(`  - { match: "other/**", tier: internal }\n${PLAIN}`));
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(here.evidence().size).toBe(1);

    const stricter = trialPolicy(PLAIN).replace('acme/*"', 'acme/*", ref: refs/heads/main');
    here.write('signwright.yaml', stricter);
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(here.evidence().size).toBe(2);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('asks for the environment where the tier depends on it, naming the choices', async () => {
    const here = await project('  - { match: "dist/**", tier: { default: internal, test: internal } }');
    here.write('signwright.yaml', trialPolicy('  - { match: "dist/**", tier: { test: internal, production: internal } }'));
    for (const command of ['sign', 'verify']) {
      const { status, stdout, stderr } = await here.run([command]);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--environment test or --environment production');
    }
    expect(here.evidence().size).toBe(0);
  });

  test('signing for a further environment adds evidence to the same bytes, and either verifies', async () => {
    const here = await project('  - { match: "dist/**", tier: { test: internal, default: internal } }');
    expect(await here.run(['sign', '--environment', 'test'])).toMatchObject({ status: 0 });
    expect(await here.run(['sign', '--environment', 'default'])).toMatchObject({ status: 0 });
    expect(here.evidence().size).toBe(2);
    for (const environment of ['test', 'default'])
      expect(await here.run(['verify', '--environment', environment])).toMatchObject({ status: 0 });
  });

  test('signs what is elsewhere by its digest and name', async () => {
    const here = await project('  - { match: "images/**", tier: internal }');
    const digest = `sha256:${createHash('sha256').update('elsewhere').digest('hex')}`;
    const sign = await here.run(['sign', '--digest', digest, '--name', 'images/app']);
    expect(sign.status).toBe(0);
    expect(parts(here)).toEqual([['images/app']]);
    expect(await here.run(['verify', '--digest', digest, '--name', 'images/app'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify', '--digest', digest, '--name', 'other/app'])).toMatchObject({ status: 1 });

    for (const [args, says] of [
      [['--digest', digest], '--name'],
      [['--digest', digest, '--name', 'images/app', 'dist/a.bin'], 'one or the other'],
      [['--digest', 'sha256:12', '--name', 'images/app'], 'sha256'],
      [['--digest', digest, '--name', '../app'], '..'],
      [['--name', 'images/app', 'dist/a.bin', 'dist/b.bin'], 'give one file'],
    ] as const) {
      const refused = await here.run(['sign', ...args]);
      expect([refused.status, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toContain(says);
    }
  });

  test('--signer signs as that signer alone, and names the signers where there is none of that name', async () => {
    const policy = trialPolicy('  - { match: "dist/**", tier: both }', '  both: { signatures: [build, second] }\n').replace(
      'signers:\n',
      'signers:\n  second: { certificate: { trial: .signwright/trial }, workloads: [ci] }\n',
    );
    const here = await project();
    here.write('signwright.yaml', policy);
    const first = await here.run(['sign', '--signer', 'second', '--no-sidecars']);
    expect(first).toMatchObject({ status: 0 });
    expect(first.stderr).toContain('second: signed 2');
    expect(first.stderr).not.toContain('build: signed');
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    const unknown = await here.run(['sign', '--signer', 'nobody']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('its signers are second, build');
  });

  test('leaves out what is never signed where it is met on the way, and refuses it where it is named', async () => {
    const here = await project(`  - { match: "dist/*.map", sign: never }\n${PLAIN}`, { 'dist/a.bin': 'a', 'dist/a.map': 'map' });
    const walked = await here.run(['sign']);
    expect(walked.status).toBe(0);
    expect(walked.stderr).toContain('left out: 1 that the policy says are never signed');
    expect(parts(here)).toEqual([['dist/a.bin']]);
    const named = await here.run(['sign', 'dist/a.map']);
    expect(named).toMatchObject({ status: 1, stdout: '' });
    expect(named.stderr).toContain('dist/a.map: never to be signed, says the rule at signwright.yaml:10:');
    expect(await here.run(['verify', 'dist/a.map'])).toMatchObject({ status: 1 });
  });

  test('one unlisted file refuses all of them before anything is signed', async () => {
    const here = await project('  - { match: "dist/*.bin", tier: internal }', { 'dist/a.bin': 'a', 'dist/surprise.sh': '#!' });
    const refused = await here.run(['sign', 'dist']);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('the policy refuses 1 of these, so nothing was signed:');
    expect(refused.stderr).toContain('dist/surprise.sh');
    expect(here.has('.signwright/evidence')).toBe(false);
    expect(here.files('dist')).toEqual(['a.bin', 'surprise.sh']);
  });

  test('--quiet says nothing on stderr; --evidence and the policy name other stores', async () => {
    const here = await project();
    expect(await here.run(['sign', '--quiet'])).toMatchObject({ status: 0, stderr: '' });
    expect(await here.run(['sign', '--evidence', 'elsewhere'])).toMatchObject({ status: 0 });
    expect(here.evidence('elsewhere').size).toBe(1);
    expect(await here.run(['verify', '--evidence', 'nowhere'])).toMatchObject({ status: 3 });
    here.write('signwright.yaml', `${trialPolicy(PLAIN)}evidence: { store: kept }\n`);
    expect(await here.run(['sign'])).toMatchObject({ status: 0 });
    expect(here.evidence('kept').size).toBe(1);
    const url = await here.run(['sign', '--evidence', 'ftp://bucket']);
    expect(url).toMatchObject({ status: 2, stderr: /--evidence: there is no store of the kind ftp:/ });
  });

  test('refuses to sign for an environment that no trial signature may enter, before anything is signed', async () => {
    const here = await project('  - { match: "dist/**", tier: internal }');
    const refused = await here.run(['sign', '--environment', 'production']);
    expect(refused.status).toBe(1);
    expect(refused.stdout + refused.stderr).toContain('production');
    expect(here.evidence().size).toBe(0);
    expect(here.files('dist')).toEqual(['a.bin', 'b.bin']);
  });
});
