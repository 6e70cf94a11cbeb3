import { readFileSync, rmSync } from 'node:fs';
import { createEvidenceStore } from '@signwright/evidence';
import { parseReleaseName, readRecord, recordsIn, releaseSubject, type Sha256, sha256 } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const HOST = 'https://trial.signwright.invalid';
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** Two repositories build, a third closes releases; `more` goes to the top of the policy. */
function policyOf(more = '', tier = 'signatures: [build]'): string {
  return `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true }, test: { allow-development: true }, production: {} }
workloads:
  app: { issuer: ${HOST}, repository: "${HOST}/acme/app" }
  mac: { issuer: ${HOST}, repository: "${HOST}/acme/mac" }
  release: { issuer: ${HOST}, repository: "${HOST}/acme/release" }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [app, mac] }
  closer: { certificate: { trial: .signwright/trial }, workloads: [release] }
releases: { by: closer }
tiers:
  internal: { ${tier} }
artifacts:
  - { match: "dist/**", tier: internal }
${more}`;
}

const EXPECTED = `version: 1
parts:
  - { name: linux, workload: app, artifacts: ["dist/linux/**"] }
  - { name: mac, workload: mac, artifacts: [{ match: "dist/mac/*", count: 1 }] }
`;
const FILES = {
  'dist/linux/app.tgz': 'for linux',
  'dist/linux/notes.md': 'notes',
  'dist/mac/app.tgz': 'for mac',
  'release.yaml': EXPECTED,
};

async function project(policy = policyOf(), files: Readonly<Record<string, string>> = FILES): Promise<Workspace> {
  const here = await createWorkspace({ policy, files });
  made.push(here);
  return here;
}

const IDS: { readonly [repository: string]: string } = { app: '7', mac: '8', release: '9', evil: '66' };

/** Runs a command as a job of a repository. */
function as(here: Workspace, repository: string, args: readonly string[]) {
  const claims = {
    repository: `${HOST}/acme/${repository}`,
    repository_id: IDS[repository],
    ref: 'refs/heads/main',
    runner_environment: 'self-hosted',
    trigger: 'push',
  };
  here.write('.signwright/trial/identity.json', JSON.stringify(claims));
  return here.run(args);
}
const sign = (here: Workspace, repository: string, path: string, ...args: string[]) =>
  as(here, repository, ['sign', '--no-sidecars', '--release', 'app@1.0', ...args, path]);
const close = (here: Workspace, ...args: string[]) =>
  as(here, 'release', ['release', 'close', 'app@1.0', '--expect', 'release.yaml', ...args]);
const verify = (here: Workspace, ...args: string[]) => here.run(['release', 'verify', 'app@1.0', ...args]);

/** A release that two pipelines contributed to, closed. */
async function closed(policy = policyOf()): Promise<Workspace> {
  const here = await project(policy);
  expect(await sign(here, 'app', 'dist/linux')).toMatchObject({ status: 0 });
  expect(await sign(here, 'mac', 'dist/mac')).toMatchObject({ status: 0 });
  const { status, stderr } = await close(here);
  expect([status, stderr]).toEqual([0, expect.stringContaining('closer: closed the release over 3')]);
  return here;
}

/** Puts evidence of another workspace where this one finds it: whoever can write to the store can do that. */
async function plant(here: Workspace, evidence: Iterable<Uint8Array>, digests: readonly Sha256[] = []): Promise<void> {
  const store = createEvidenceStore(createDirectoryStore(here.path('.signwright/evidence')));
  for (const bytes of evidence) await store.put(bytes, [releaseSubject(parseReleaseName('app@1.0')), ...digests]);
}

describe.concurrent('a release of several pipelines', () => {
  test('is closed when each has contributed, and then every artifact of it may go', async () => {
    const here = await project();
    expect(await sign(here, 'app', 'dist/linux')).toMatchObject({ status: 0 });
    const early = await close(here);
    expect(early.status).toBe(4);
    expect(early.stdout).toContain('mac has contributed nothing yet: 1 of 1 dist/mac/* missing');
    expect(here.evidence().size).toBe(1);
    expect(await verify(here)).toMatchObject({ status: 4, stderr: /nobody has closed app@1.0/ });
    expect(await verify(here, 'dist/linux')).toMatchObject({ status: 4, stdout: /pending: release-open/ });

    expect(await sign(here, 'mac', 'dist/mac')).toMatchObject({ status: 0 });
    expect(await here.run(['release', 'show', 'app@1.0', '--expect', 'release.yaml'])).toMatchObject({
      status: 0,
      stdout: /not closed\n {2}2 parts, 3 artifacts/,
    });
    expect(await close(here)).toMatchObject({ status: 0, stdout: /closed by .*acme\/release/ });
    expect(here.evidence().size).toBe(3);

    const whole = await verify(here);
    expect(whole).toMatchObject({ status: 0, stdout: /3 artifacts: 3 allow/ });
    expect(whole.stdout).toContain('app@1.0 was closed by');
    rmSync(here.path('dist/linux'), { recursive: true });
    expect(await verify(here, 'dist')).toMatchObject({ status: 0, stdout: /1 artifact: 1 allow/ });
    expect(await here.run(['verify', 'dist/mac'])).toMatchObject({ status: 0 });
  });

  test('is closed once: again over the same parts nothing is signed, and a late part is refused, saying who closed it', async () => {
    const here = await closed();
    const before = here.evidence().size;
    const again = await close(here);
    expect(again).toMatchObject({ status: 0, stderr: /closed before over the same parts: nothing was signed/ });
    expect(await sign(here, 'mac', 'dist/mac')).toMatchObject({ status: 0, stderr: /signed before/ });
    here.write('dist/mac/extra.tgz', 'too late');
    const late = await sign(here, 'mac', 'dist/mac');
    expect(late.status).toBe(1);
    expect(late.stderr).toMatch(/app@1\.0 is closed: by .*acme\/release.* at 20.*a part that comes later is none of it/);
    expect(here.evidence().size).toBe(before);
    expect(await verify(here, 'dist/mac/extra.tgz')).toMatchObject({ status: 1, stdout: /not-in-release/ });
  });

  test('a late part that was put into the store all the same counts for nothing, and cannot be closed over', async () => {
    const here = await closed();
    const there = await project(policyOf(), { 'dist/mac/app.tgz': 'for mac, later' });
    expect(await sign(there, 'mac', 'dist/mac')).toMatchObject({ status: 0 });
    const later = [...there.evidence().values()];
    await plant(here, later, [sha256('for mac, later')]);
    here.write('dist/mac/app.tgz', 'for mac, later');
    expect(await here.run(['verify', 'dist/mac'])).toMatchObject({ status: 0 });
    expect(await verify(here, 'dist/mac')).toMatchObject({ status: 1, stdout: /not-in-release[\s\S]*other bytes by this name/ });
    expect(await verify(here)).toMatchObject({ status: 0 });
    expect(await close(here)).toMatchObject({ status: 1, stderr: /was closed before .* over other parts than there are now/ });
  });

  test('one artifact that was built again changes its own part alone', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    await sign(here, 'mac', 'dist/mac');
    const before = new Set(here.evidence().keys());
    here.write('dist/linux/app.tgz', 'for linux, built again');
    const unsaid = await sign(here, 'app', 'dist/linux');
    expect(unsaid).toMatchObject({
      status: 1,
      stderr: /has other bytes by the name dist\/linux\/app.tgz already[\s\S]*--replace/,
    });
    expect(await sign(here, 'app', 'dist/linux', '--replace')).toMatchObject({ status: 0, stderr: /build: signed 1/ });
    const fresh = [...here.evidence().keys()].filter((id) => !before.has(id));
    expect(fresh).toHaveLength(1);
    expect(await close(here)).toMatchObject({ status: 0, stdout: /3 parts, 3 artifacts/ });
    expect(await verify(here, 'dist')).toMatchObject({ status: 0, stdout: /3 allow/ });
    here.write('dist/linux/app.tgz', 'for linux');
    expect(await verify(here, 'dist/linux/app.tgz')).toMatchObject({ status: 1 });
  });

  test('a job cannot replace what another job signed, whatever it says', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    here.write('dist/linux/app.tgz', 'by the wrong job');
    const refused = await sign(here, 'mac', 'dist/linux/app.tgz', '--replace');
    expect(refused).toMatchObject({ status: 1, stderr: /do not agree on "dist\/linux\/app.tgz"[\s\S]*nothing of others/ });
    expect(here.evidence().size).toBe(1);
  });

  test('parts that contradict each other keep it open, naming both', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    await sign(here, 'mac', 'dist/mac');
    const there = await project(policyOf(), { 'dist/linux/app.tgz': 'another' });
    await sign(there, 'mac', 'dist/linux');
    await plant(here, there.evidence().values());
    const { status, stdout, stderr } = await close(here);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /release-conflict.*"dist\/linux\/app\.tgz".*acme\/app.*acme\/mac|release-conflict.*acme\/mac.*acme\/app/,
    );
    expect(stderr).toContain('app@1.0 may not be closed');
    expect(here.evidence().size).toBe(3);
  });

  test('a part that nobody expects keeps it open, unless others are allowed', async () => {
    const here = await project();
    await sign(here, 'app', 'dist');
    expect(await close(here)).toMatchObject({
      status: 1,
      stdout: /nobody expects what build .*acme\/app\/\/trial.*\) has contributed: dist\/mac\/app.tgz/,
    });
    here.write('release.yaml', `${EXPECTED.split('\n').slice(0, 3).join('\n')}\nothers: allow\n`);
    expect(await close(here)).toMatchObject({ status: 0 });
  });

  test('show prints one JSON object for programs', async () => {
    const here = await closed();
    const { status, stdout } = await here.run(['release', 'show', 'app@1.0', '--output', 'json']);
    expect(status).toBe(0);
    const shown = JSON.parse(stdout) as { parts: unknown[] };
    expect(shown).toMatchObject({
      version: 1,
      release: 'app@1.0',
      environment: 'default',
      result: 'allow',
      closed: { by: expect.stringContaining('acme/release'), artifacts: [{ name: 'dist/linux/app.tgz' }, {}, {}] },
      artifacts: [{ name: 'dist/linux/app.tgz', kind: 'package', digest: sha256('for linux') }, {}, {}],
      leftOut: [],
      outcomes: [],
    });
    expect(shown.parts).toHaveLength(2);
    expect(await here.run(['release', 'verify', 'app@1.0', '--output', 'json'])).toMatchObject({
      status: 0,
      stdout: /"in-release"/,
    });
  });
});

describe.concurrent('evidence that whoever writes to the store put under a release', () => {
  test('of another release, or environment, is left out and takes nothing away', async () => {
    const here = await closed();
    const there = await project(policyOf(), { 'dist/mac/app.tgz': 'of another' });
    expect(await as(there, 'mac', ['sign', '--no-sidecars', '--release', 'app@2.0', 'dist'])).toMatchObject({ status: 0 });
    expect(await sign(there, 'mac', 'dist', '--environment', 'test')).toMatchObject({ status: 0 });
    await plant(here, there.evidence().values());
    const shown = await here.run(['release', 'show', 'app@1.0']);
    expect(shown.stdout).toMatch(/left out sha256:\w+ \(other-release\): it was signed for app@2.0/);
    expect(shown.stdout).toMatch(/left out sha256:\w+ \(other-environment\): it was signed for the environment test/);
    expect(await verify(here)).toMatchObject({ status: 0 });
    expect(await close(here)).toMatchObject({ status: 0 });
  });

  test('by a job that may not sign does not stand for what is missing', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    const there = await project(policyOf().replaceAll('acme/mac', 'acme/evil'));
    await sign(there, 'evil', 'dist/mac');
    await plant(here, there.evidence().values(), [sha256('for mac')]);
    expect(await close(here)).toMatchObject({ status: 4, stdout: /left out .*\(identity-mismatch\)/ });
  });

  test('a manifest by a job that may not close closes nothing', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    await sign(here, 'mac', 'dist/mac');
    const refused = await as(here, 'app', ['release', 'close', 'app@1.0', '--expect', 'release.yaml']);
    expect(refused).toMatchObject({ status: 1, stderr: /may not sign as closer/ });
    expect(here.evidence().size).toBe(2);

    const there = await project(policyOf().replace('by: closer', 'by: build'));
    await sign(there, 'app', 'dist/linux');
    await sign(there, 'mac', 'dist/mac');
    expect(await as(there, 'app', ['release', 'close', 'app@1.0', '--expect', 'release.yaml'])).toMatchObject({ status: 0 });
    await plant(here, there.evidence().values());
    const verified = await verify(here);
    expect(verified).toMatchObject({ status: 1, stderr: /release-refused[\s\S]*lets closer close releases, and nobody else/ });
    expect(await verify(here, 'dist')).toMatchObject({ status: 1, stdout: /release-refused/ });
  });

  test('a manifest that was edited, or lost a part, lets nothing through', async () => {
    const here = await closed();
    const manifests = [...here.evidence()].filter(([, bytes]) => payloadOf(bytes).includes('release-manifest'));
    expect(manifests).toHaveLength(1);
    const [manifest, bytes] = manifests[0] as [string, Buffer];
    const path = (digest: string) => here.path(`.signwright/evidence/evidence/${digest.slice(0, 2)}/${digest.slice(2)}`);

    const bundle = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
    const edited = payloadOf(bytes).replace('dist/mac/app.tgz', 'dist/mac/evil.tgz');
    bundle.dsseEnvelope.payload = Buffer.from(edited).toString('base64');
    rmSync(path(manifest));
    await plant(here, [Buffer.from(JSON.stringify(bundle))]);
    expect((await verify(here)).status).toBe(3);
    here.write(`.signwright/evidence/evidence/${manifest.slice(0, 2)}/${manifest.slice(2)}`, bytes);
    expect(await verify(here)).toMatchObject({ status: 0 });

    // What was planted is still there, and is no part either.
    const parts = [...here.evidence()].filter(([, piece]) => !payloadOf(piece).includes('release-manifest'));
    const [[part] = ['']] = parts;
    rmSync(path(part));
    expect(await verify(here)).toMatchObject({ status: 3 });
    expect(await close(here)).toMatchObject({ status: 3 });
    here.write('dist/new.tgz', 'new');
    expect(await sign(here, 'app', 'dist/new.tgz')).toMatchObject({ status: 3, stderr: /nothing was signed/ });
  });
});

/** The statement in a bundle. */
function payloadOf(bytes: Buffer): string {
  const { dsseEnvelope } = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
  return Buffer.from(dsseEnvelope.payload, 'base64').toString();
}

describe.concurrent('a release', () => {
  test('is closed for each environment by itself', async () => {
    const here = await project();
    for (const [repository, path] of [
      ['app', 'dist/linux'],
      ['mac', 'dist/mac'],
    ] as const)
      expect(await sign(here, repository, path, '--environment', 'test')).toMatchObject({ status: 0 });
    expect(await close(here)).toMatchObject({
      status: 4,
      stdout: /other-environment[\s\S]*no part for the environment default/,
    });
    expect(await close(here, '--environment', 'test')).toMatchObject({ status: 0 });
    expect(await verify(here, '--environment', 'test')).toMatchObject({ status: 0 });
    expect((await verify(here)).status).not.toBe(0);
  });

  test('on a trial root is closed for no environment that allows none', async () => {
    const here = await project();
    expect((await sign(here, 'app', 'dist/linux', '--environment', 'production')).status).toBe(1);
    expect((await close(here, '--environment', 'production')).status).not.toBe(0);
  });

  test('needs somebody who may close it: without "releases" in the policy nobody contributes', async () => {
    const here = await project(policyOf().replace('releases: { by: closer }\n', ''));
    for (const result of [
      await sign(here, 'app', 'dist/linux'),
      await close(here),
      await here.run(['release', 'show', 'app@1.0']),
    ])
      expect(result).toMatchObject({ status: 2, stderr: /says nobody who may close a release[\s\S]*releases: \{ by: SIGNER \}/ });
  });

  test('is not closed by a file that says something else than it means', async () => {
    const here = await project();
    for (const [text, why] of [
      [`${EXPECTED}extra: true\n`, /release\.yaml:5:1: extra: unknown key; allowed are version, others, parts/],
      [EXPECTED.replace('workload: app', 'workload: apq'), /release\.yaml:3:30: parts\[0\]\.workload: .*did you mean "app"\?/],
      ['version: 1\nparts: []\n', /the list is empty/],
      [`${EXPECTED}${'#'.repeat(1024 * 1024)}`, /1048576|more than|at most/],
    ] as const) {
      here.write('release.yaml', text);
      expect(await close(here)).toMatchObject({ status: 2, stdout: '', stderr: why });
    }
    rmSync(here.path('release.yaml'));
    expect((await close(here)).status).toBe(2);
  });

  test.each([
    [['sign', '--release', 'app', 'dist'], /the release "app" has no "@"/],
    [['sign', '--release', 'app@1\n2', 'dist'], /invisible character/],
    [['sign', '--replace', 'dist'], /--replace is about what was signed into a release before/],
    [['wait', '--release', 'app@1.0', 'dist'], /policy keeps no log|one or the other/],
    [['evidence', 'export', '--release', 'app@1.0', '--out', 'x.tar', 'dist'], /one or the other/],
    [['release', 'close', 'app@1.0'], /--expect/],
  ] as const)('%j is a usage error that says what to do', async (args, why) => {
    const here = await project();
    expect(await here.run(args)).toMatchObject({ status: 2, stderr: why });
  });

  test('is exported whole, and verifies from the archive with its manifest', async () => {
    const here = await closed();
    expect(await here.run(['evidence', 'export', '--release', 'app@1.0', '--out', 'out.tar'])).toMatchObject({
      status: 0,
      stdout: /about 3 artifacts/,
    });
    const there = await createWorkspace({ trial: false });
    made.push(there);
    there.write('out.tar', readFileSync(here.path('out.tar')));
    expect(await there.run(['evidence', 'verify', 'out.tar', '--release', 'app@1.0'])).toMatchObject({
      status: 0,
      stdout: /app@1\.0 was closed by/,
    });
    expect((await there.run(['evidence', 'verify', 'out.tar', '--release', 'app@1.1'])).status).not.toBe(0);
    expect(await here.run(['evidence', 'export', '--release', 'app@1.1', '--out', 'no.tar'])).toMatchObject({ status: 3 });
    expect(here.has('no.tar')).toBe(false);
    expect((await here.run(['evidence', 'list', 'dist/mac'])).stdout).toMatch(/^manifest /m);
  });

  test('that is not closed is not exported', async () => {
    const here = await project();
    await sign(here, 'app', 'dist/linux');
    expect(await here.run(['evidence', 'export', '--release', 'app@1.0', '--out', 'no.tar'])).toMatchObject({
      status: 1,
      stderr: /is not closed/,
    });
  });

  test('keeps its manifest as long as the tier that keeps evidence longest', async () => {
    const here = await closed(policyOf('', 'signatures: [build], retain: 10y'));
    const { stdout } = await here.run(['evidence', 'list', 'dist/mac', '--output', 'json']);
    const { evidence } = JSON.parse(stdout) as { evidence: { kind: string; retainUntil?: string }[] };
    const manifest = evidence.find(({ kind }) => kind === 'manifest');
    expect(Date.parse(manifest?.retainUntil ?? '')).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000);
  });

  test('of ten thousand artifacts in twenty parts is closed and verified in time', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`dist/${at % 20}/${at}.bin`, `file ${at}`]));
    const expected = 'version: 1\nparts: [{ signer: build, artifacts: [{ match: "dist/**", count: 10000 }] }]\n';
    const here = await project(policyOf(), { ...files, 'release.yaml': expected });
    for (let at = 0; at < 20; at++) expect(await sign(here, 'app', `dist/${at}`)).toMatchObject({ status: 0 });
    const before = performance.now();
    expect(await close(here)).toMatchObject({ status: 0, stdout: /20 parts, 10000 artifacts/ });
    expect(await verify(here)).toMatchObject({ status: 0, stdout: /10,000 allow/ });
    expect(performance.now() - before).toBeLessThan(40_000);
    here.remove();
  }, 120_000);
});

describe('a release whose tier requires records', () => {
  async function logged(): Promise<{ here: Workspace; hideKey(): void; bringKey(): void }> {
    const here = await project();
    const init = await here.run(['audit', 'init', '--name', 'log.example/releases', '--key', 'keys/log.pem']);
    const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
    here.write(
      'signwright.yaml',
      policyOf(`audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`, 'signatures: [build], audit: required'),
    );
    const pem = here.read('keys/log.pem');
    return {
      here,
      hideKey: () => rmSync(here.path('keys/log.pem')),
      bringKey: () => void here.write('keys/log.pem', pem, 0o600),
    };
  }
  const recordsOf = (here: Workspace) =>
    here
      .files('log/segments')
      .sort()
      .flatMap((name) => recordsIn(readFileSync(here.path(`log/segments/${name}`))))
      .map((bytes) => readRecord(bytes).record);

  test('is closed with an intent and a result of its own, and refused where they are missing', async () => {
    const { here } = await logged();
    await sign(here, 'app', 'dist/linux');
    await sign(here, 'mac', 'dist/mac');
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace(', audit: required', ''));
    expect(await close(here)).toMatchObject({ status: 0 });
    here.write('signwright.yaml', policy);
    expect(await verify(here)).toMatchObject({ status: 1, stderr: /no-record/ });
    expect(await close(here)).toMatchObject({ status: 0, stderr: /record sha256:/ });
    expect(await verify(here)).toMatchObject({ status: 0 });
    const records = recordsOf(here) as { event: string; request: string; release?: string; signer?: { id: string } }[];
    const closing = records.filter(({ signer }) => signer?.id === 'closer');
    expect(closing.map(({ event, release }) => [event, release])).toEqual([
      ['intent', 'app@1.0'],
      ['result', 'app@1.0'],
    ]);
    expect(records.filter(({ signer }) => signer?.id === 'build').every(({ release }) => release === 'app@1.0')).toBe(true);
    expect(new Set(records.map(({ request }) => request)).size).toBe(3);
  });

  test('is inconclusive until the log has ordered the manifest’s record, which "wait --release" waits for', async () => {
    const { here, hideKey, bringKey } = await logged();
    await sign(here, 'app', 'dist/linux');
    await sign(here, 'mac', 'dist/mac');
    hideKey();
    expect(await close(here)).toMatchObject({ status: 0, stderr: /written and not proven yet/ });
    expect(await verify(here)).toMatchObject({ status: 3, stdout: /record-pending/ });
    bringKey();
    expect(await here.run(['audit', 'sequence'])).toMatchObject({ status: 0 });
    expect(await here.run(['wait', '--release', 'app@1.0'])).toMatchObject({ status: 0, stdout: /proven: 1/ });
    expect(await verify(here)).toMatchObject({ status: 0 });
  });

  test('a closing that is refused is recorded', async () => {
    const { here } = await logged();
    await sign(here, 'app', 'dist');
    expect((await close(here)).status).toBe(1);
    expect(recordsOf(here).at(-1)).toMatchObject({ event: 'refusal', outcome: 'refused', release: 'app@1.0' });
  });
});
