import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { openAuditLog } from '@signwright/audit-log';
import { createFileSigner } from '@signwright/signer-file';
import { openSegment, parseVerifierKey, sealSegment, sha256 } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { hasSshKeygen, type PeopleWorkspace, testIntent } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { incidentProject } from '../../tests/incident-project.ts';

const made: { remove(): void }[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(more = ''): Promise<PeopleWorkspace> {
  const here = await incidentProject(more);
  made.push(here);
  return here;
}

const WHY = ['--why', 'runner 7 was taken over'];
const act = (here: PeopleWorkspace, who: string, ...args: string[]) =>
  here.run(['incident', ...args, ...WHY, '--my-key', `keys/${who}`, '--yes']);
const json = async (here: PeopleWorkspace, ...args: string[]) =>
  JSON.parse((await here.run(['incident', ...args, ...WHY, '--output', 'json'])).stdout);

/** A moment after what was signed before, and before what is signed next: timestamps count whole seconds. */
async function between(): Promise<string> {
  await wait(1100 - (Date.now() % 1000));
  const at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  return at;
}

/** Every file with its bytes. */
const tree = (here: PeopleWorkspace): Map<string, string> =>
  new Map(
    here.files('.').map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(here.path(name)))
        .digest('hex'),
    ]),
  );

const keyId = (here: PeopleWorkspace): string => {
  const der = Buffer.from(here.read('keys/release.pub').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return createHash('sha256').update(der).digest('base64');
};

/** Records that the release key is about to sign something, and nothing of what came of it. */
async function intend(here: PeopleWorkspace, name: string, more: Parameters<typeof testIntent>[1] = {}): Promise<void> {
  const artifact = { name, digest: sha256(name), kind: 'package', tier: 'internal', requirements: sha256('') } as const;
  await record(here, testIntent(name, { signer: { id: 'release', key: keyId(here) }, artifacts: [artifact], ...more }));
}

async function record(here: PeopleWorkspace, bytes: Uint8Array): Promise<void> {
  const verifier = /verifier-keys: \["([^"]+)"/.exec(here.read('signwright.yaml'))?.[1] ?? '';
  const key = parseVerifierKey(verifier, 'the log', 'log');
  const signer = await createFileSigner({
    path: here.path('keys/log.pem'),
    passphrase: async () => Promise.reject(new Error('none')),
  });
  const log = await openAuditLog({
    blobs: createDirectoryStore(here.path('log')),
    keys: [key],
    witnesses: [],
    count: 0,
    clock: { now: () => new Date() },
    segments: {
      seal: (records) => sealSegment(records, { signer }),
      open: (bytes) => openSegment(bytes, { logKeys: [key], trust: { root: undefined, keys: [] }, signers: [] }),
    },
  });
  await log.append([bytes]);
}

describe.skipIf(!hasSshKeygen).concurrent('signwright incident', { timeout: 120_000 }, () => {
  test('of a key: lists what it signed, cuts it off, and verify denies what it signed from then on alone', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'dist');
    const since = await between();
    here.write('dist/b.tgz', 'b');
    await here.done('sign', '--no-sidecars', 'dist/b.tgz');
    const { status, stdout } = await act(here, 'cleo', '--key', 'keys/release.pem', '--since', since);
    expect(status).toBe(0);
    expect(stdout).toMatch(/the key \S+= of signer release, from /);
    expect(stdout).toMatch(/1 artifact, 1 signature.*\n {2}dist\/b\.tgz sha256:/);
    expect(stdout).not.toContain('dist/a.tgz');
    expect(stdout).toMatch(/cut off: signwright\.yaml\nrecorded: evidence sha256:/);
    expect((await here.run(['verify', 'dist/a.tgz'])).status).toBe(0);
    expect(await here.run(['verify', 'dist/b.tgz'])).toMatchObject({ status: 1, stdout: /\(key-compromised\)/ });
    // The approvals of what another signer signed are as they were.
    expect(parse(here.read('signwright.yaml'))).toMatchObject({
      serial: 8,
      signers: { release: { keys: [{ 'compromised-since': since }] } },
    });
  });

  test('changes those lines of the policy alone: comments and order stay', async () => {
    const here = await project();
    const before = here.read('signwright.yaml');
    const { cutOff } = await json(here, '--key', keyId(here), '--since', '2026-11-01', '--dry-run');
    await act(here, 'cleo', '--key', keyId(here), '--since', '2026-11-01');
    const after = here.read('signwright.yaml');
    expect(after).toBe(
      before
        .replace('serial: 7 #', 'serial: 8 #')
        .replace('# pinned 2026-01\n', '# pinned 2026-01\n        compromised-since: 2026-11-01T00:00:00.000Z\n'),
    );
    // What the dry run showed is that difference, byte for byte.
    here.write('signwright.yaml', before);
    execFileSync('git', ['apply', '-'], {
      cwd: here.directory,
      input: cutOff.edits[0].patch,
      env: { ...process.env, GIT_DIR: '/nowhere' },
    });
    expect(here.read('signwright.yaml')).toBe(after);
  });

  test('of a workload for a time: what it signed before and after still counts, and no approval is void', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const request = (await here.run(['request', 'jobs'])).stdout.split('\n')[0] ?? '';
    expect((await here.answer('ann', request)).status).toBe(0);
    expect((await here.run(['verify', 'jobs/a.tgz'])).status).toBe(0);
    const since = await between();
    here.write('jobs/b.tgz', 'job b');
    await here.done('sign', '--no-sidecars', 'jobs/b.tgz');
    const until = await between();
    here.write('jobs/c.tgz', 'job c');
    await here.done('sign', '--no-sidecars', 'jobs/c.tgz');
    const done = await act(here, 'bob', '--workload', 'ci', '--since', since, '--until', until);
    expect(done).toMatchObject({ status: 0, stdout: /1 artifact, 1 signature.*\n {2}jobs\/b\.tgz/ });
    expect((await here.run(['verify', 'jobs/a.tgz'])).status).toBe(0);
    expect(await here.run(['verify', 'jobs/b.tgz'])).toMatchObject({
      status: 1,
      stdout: new RegExp(`workload-compromised.*the workload ci counts as compromised from ${since} until ${until}`),
    });
    expect((await here.run(['verify', 'jobs/c.tgz'])).status).toBe(4);
    const [span] = parse(here.read('signwright.yaml')).workloads.ci.compromised;
    expect(span).toEqual({ from: since, until, reason: WHY[1] });
    expect(here.read('signwright.yaml')).toContain('# all of acme\n    compromised: [');
  });

  test("of a person's key: finds what it approved, and what it approved from then on counts for nothing", async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const since = await between();
    const request = (await here.run(['request', 'jobs'])).stdout.split('\n')[0] ?? '';
    await here.answer('ann', request);
    expect((await here.run(['verify', 'jobs/a.tgz'])).status).toBe(0);
    const fingerprint =
      execFileSync('ssh-keygen', ['-lf', here.path('keys/ann.pub')])
        .toString()
        .split(' ')[1] ?? '';
    const { stdout } = await act(here, 'bob', '--key', fingerprint, '--since', since);
    expect(stdout).toMatch(/approve by ann: jobs\/a\.tgz for default: sha256:/);
    const after = await here.run(['verify', 'jobs/a.tgz']);
    expect(after.status).not.toBe(0);
    expect(after.stdout).toContain('key-compromised');
    const { ann } = parse(here.read('signwright.yaml')).people;
    expect(ann.ssh).toEqual([{ key: here.line('ann'), 'compromised-since': since }, here.line('ann-too')]);
    expect(here.read('signwright.yaml')).toContain('} # on leave');
  });

  test('of a CA: its end is written into the trust root, and nothing else of it', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const since = await between();
    here.write('jobs/b.tgz', 'job b');
    await here.done('sign', '--no-sidecars', 'jobs/b.tgz');
    const file = '.signwright/trial/trusted-root.json';
    const before = JSON.parse(here.read(file));
    const der = Buffer.from(before.certificateAuthorities[0].certChain.certificates[0].rawBytes, 'base64');
    here.write('ca.pem', new X509Certificate(der).toString());
    const done = await act(here, 'bob', '--certificate', 'ca.pem', '--since', since);
    expect(done).toMatchObject({ status: 0, stdout: /the CA .*\n[\s\S]*1 artifact, 1 signature.*\n {2}jobs\/b\.tgz/ });
    // The period holds its end: what was signed in the very second of the cut-off does not count.
    before.certificateAuthorities[0].validFor.end = new Date(Date.parse(since) - 1).toISOString();
    expect(JSON.parse(here.read(file))).toEqual(before);
    expect((await here.run(['verify', 'jobs/a.tgz'])).status).toBe(4);
    expect((await here.run(['verify', 'jobs/b.tgz'])).status).toBe(1);
    const again = await act(here, 'bob', '--certificate', 'ca.pem', '--since', since);
    expect(again).toMatchObject({
      status: 0,
      stdout: /1 artifact, 1 signature[\s\S]*done before: certificateAuthorities\.0[\s\S]*recorded before, by bob/,
    });
  });

  test('of a CA: what was to be signed by any certificate is listed, for the log does not say whose it was', async () => {
    const here = await project();
    const certificate = { serial: '0a', digest: sha256('a certificate') };
    await intend(here, 'jobs/never.tgz', { signer: { id: 'job', key: sha256('').slice(-44), certificate } });
    await intend(here, 'dist/by-key.tgz');
    const file = JSON.parse(here.read('.signwright/trial/trusted-root.json'));
    const ca = new X509Certificate(Buffer.from(file.certificateAuthorities[0].certChain.certificates[0].rawBytes, 'base64'));
    here.write('ca.pem', ca.toString());
    here.write('ca.pub', ca.publicKey.export({ type: 'spki', format: 'pem' }));
    for (const named of [
      ['--certificate', 'ca.pem'],
      ['--key', 'ca.pub'],
    ])
      expect((await json(here, ...named, '--dry-run')).affected.signatures).toMatchObject([
        { standing: 'no-result', artifacts: [{ name: 'jobs/never.tgz' }] },
      ]);
  });

  test('of a root: the CAs below it are cut off', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const file = JSON.parse(here.read('.signwright/trial/trusted-root.json'));
    const root = new X509Certificate(
      Buffer.from(file.certificateAuthorities[0].certChain.certificates.at(-1).rawBytes, 'base64'),
    );
    here.write('root.pem', root.toString());
    here.write('root.pub', root.publicKey.export({ type: 'spki', format: 'pem' }));
    for (const named of [
      ['--certificate', 'root.pem'],
      ['--key', 'root.pub'],
    ])
      expect(await json(here, ...named, '--dry-run')).toMatchObject({
        affected: { artifacts: [{ name: 'jobs/a.tgz' }] },
        cutOff: { edits: [{ at: [{ what: 'certificateAuthorities.0', before: false }] }] },
      });
  });

  test('a timestamp authority is not cut off so, and that is said', async () => {
    const here = await project();
    const file = JSON.parse(here.read('.signwright/trial/trusted-root.json'));
    const tsa = new X509Certificate(Buffer.from(file.timestampAuthorities[0].certChain.certificates[0].rawBytes, 'base64'));
    here.write('tsa.pem', tsa.toString());
    here.write('tsa.pub', tsa.publicKey.export({ type: 'spki', format: 'pem' }));
    for (const named of [
      ['--certificate', 'tsa.pem'],
      ['--key', 'tsa.pub'],
    ])
      expect(await here.run(['incident', ...named, ...WHY, '--dry-run'])).toMatchObject({
        status: 2,
        stderr: /that is the timestamp authority[\s\S]*signwright trust retire/,
      });
  });

  test('says that the log has records which this version cannot judge', async () => {
    const here = await project();
    await record(here, Buffer.from('{"event":"intent","type":"https://signwright.dev/record/v9"}'));
    const { affected } = await json(here, '--key', keyId(here), '--dry-run');
    expect(affected).toMatchObject({
      signatures: [],
      limits: [expect.stringContaining('1 records that this version does not know')],
    });
  });

  test('of a time alone: lists whatever was signed in it, and cuts nothing off', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars');
    const before = here.read('signwright.yaml');
    const { affected, cutOff } = await json(here, '--since', '2026-01-01', '--dry-run');
    expect(affected.artifacts.map(({ name }: { name: string }) => name)).toEqual(['dist/a.tgz', 'jobs/a.tgz']);
    expect(cutOff.edits).toEqual([]);
    const done = await act(here, 'bob', '--since', '2026-01-01', '--until', await between());
    expect(done).toMatchObject({ status: 0, stdout: /run it once more for each key and workload/ });
    expect(here.read('signwright.yaml')).toBe(before);
  });

  test('a dry run shows it all to anybody, and touches nothing', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars');
    const before = tree(here);
    for (const what of [
      ['--workload', 'ci'],
      ['--key', 'keys/release.pub', '--since', '2026-01-01'],
      ['--since', '2026-01-01'],
    ])
      expect((await here.run(['incident', ...what, ...WHY, '--dry-run'])).status).toBe(0);
    expect(tree(here)).toEqual(before);
  });

  test('a stranger is refused, and so is whoever would sign with the key that is compromised', async () => {
    const here = await project();
    const before = tree(here);
    expect(await act(here, 'ann', '--workload', 'ci')).toMatchObject({
      status: 1,
      stderr: /ann is not of the role security, which alone may act in an incident/,
    });
    expect(await act(here, 'mallory', '--workload', 'ci')).toMatchObject({ status: 1, stderr: /nobody's that the policy names/ });
    const own =
      execFileSync('ssh-keygen', ['-lf', here.path('keys/cleo.pub')])
        .toString()
        .split(' ')[1] ?? '';
    expect(await act(here, 'cleo', '--key', own)).toMatchObject({ status: 1, stderr: /that is the key that is compromised/ });
    here.write('signwright.yaml', here.read('signwright.yaml').replace('incident: { role: security }\n', ''));
    expect(await act(here, 'cleo', '--workload', 'ci')).toMatchObject({
      status: 2,
      stderr: /does not say who may act in an incident/,
    });
    expect(new Set(tree(here).keys())).toEqual(new Set(before.keys()));
  });

  test('whoever signed with a key that was cut off before cannot act', async () => {
    const here = await project();
    await act(here, 'bob', '--key', 'keys/cleo.pub', '--since', '2026-01-01');
    expect(await act(here, 'cleo', '--workload', 'ci')).toMatchObject({
      status: 1,
      stderr: /cleo cannot sign the record of it.*compromised since 2026-01-01/s,
    });
    expect(parse(here.read('signwright.yaml')).workloads.ci.compromised).toBeUndefined();
  });

  test('tells apart what is in evidence and not in the log, and what was to be signed and never ended', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'dist');
    // Without the log, as somebody does who does not want to be seen.
    const recorded = here.read('signwright.yaml');
    here.write('signwright.yaml', recorded.replace('[release], audit: best-effort', '[release]'));
    here.write('dist/hidden.tgz', 'hidden');
    await here.done('sign', '--no-sidecars', 'dist/hidden.tgz');
    here.write('signwright.yaml', recorded);
    await intend(here, 'dist/never.tgz');
    const { affected } = await json(here, '--key', keyId(here), '--dry-run');
    const found = affected.signatures.map(({ standing, artifacts }: { standing: string; artifacts: { name: string }[] }) => [
      artifacts[0]?.name,
      standing,
    ]);
    expect(found.sort()).toEqual([
      ['dist/a.tgz', 'recorded'],
      ['dist/hidden.tgz', 'not-recorded'],
      ['dist/never.tgz', 'no-result'],
    ]);
    const { stdout } = await here.run(['incident', '--key', keyId(here), ...WHY, '--dry-run']);
    expect(stdout).toMatch(/in the evidence and NOT in the log: .*: 1\n.*hidden\.tgz/);
    expect(stdout).toMatch(/INTENT without RESULT: .*: 1\n.*never\.tgz.*: record sha256:/);
  });

  test('a run that is killed between its steps is finished by the next, which does nothing twice', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const before = here.read('signwright.yaml');
    const args = ['incident', '--workload', 'ci', '--since', '2026-01-01', ...WHY, '--my-key', 'keys/cleo', '--yes'];
    const killed = here.start(args);
    while (here.read('signwright.yaml') === before && killed.process.exitCode === null) await wait(1);
    killed.process.kill('SIGKILL');
    expect((await killed.finished).signal).toBe('SIGKILL');
    const cut = here.read('signwright.yaml');
    expect(parse(cut)).toMatchObject({ serial: 8 });
    expect((await here.run(['audit', 'list'])).stdout).not.toContain('incident');
    const next = await here.run(args);
    expect(next).toMatchObject({
      status: 0,
      stdout: /done before: workloads\.ci in signwright\.yaml[\s\S]*recorded: evidence sha256:/,
    });
    const last = await here.run(args);
    expect(last).toMatchObject({ status: 0, stdout: /recorded before, by cleo: evidence sha256:/ });
    expect(here.read('signwright.yaml')).toBe(cut);
    expect((await here.run(['audit', 'list'])).stdout.match(/workload ci: runner 7/g)).toHaveLength(1);
  });

  test('where something cannot be reached, what was done stands, no record claims more, and the next run goes on', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('log: log,', 'log: elsewhere,'));
    const first = await act(here, 'cleo', '--workload', 'ci');
    expect(first).toMatchObject({
      status: 3,
      stdout: /COULD NOT BE READ[\s\S]*the record of it is not kept yet/,
      stderr: /not done: the log: .*\n.*run it again/,
    });
    const cut = here.read('signwright.yaml');
    expect(parse(cut).workloads.ci.compromised).toHaveLength(1);
    here.write('signwright.yaml', cut.replace('log: elsewhere,', 'log: log,'));
    expect(await act(here, 'cleo', '--workload', 'ci')).toMatchObject({ status: 0, stdout: /recorded: evidence/ });
  });

  test('the record is a statement that ssh-keygen verifies, and evidence and log list it', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'dist');
    const { stdout } = await act(here, 'cleo', '--key', 'release', '--since', '2026-01-01');
    const record = /recorded: evidence (\S+)/.exec(stdout)?.[1] ?? '';
    const shown = await here.run([
      'approval',
      'show',
      record,
      '--pae',
      'pae',
      '--signature',
      'sig',
      '--allowed-signers',
      'allowed',
    ]);
    const { statement } = JSON.parse(shown.stdout);
    expect(statement).toMatchObject({
      predicateType: 'https://signwright.dev/incident/v1',
      predicate: {
        person: 'cleo',
        what: 'key',
        id: keyId(here),
        since: '2026-01-01T00:00:00.000Z',
        why: WHY[1],
        affected: { artifacts: 1, signatures: 1 },
        edits: [{ file: 'signwright.yaml', at: 'signers.release.keys.0' }],
      },
    });
    const input = readFileSync(here.path('pae'));
    const args = [
      '-Y',
      'verify',
      '-f',
      here.path('allowed'),
      '-I',
      'cleo',
      '-n',
      'https://signwright.dev/incident/v1',
      '-s',
      here.path('sig'),
    ];
    expect(execFileSync('ssh-keygen', args, { input }).toString()).toContain('Good');
    expect((await here.run(['evidence', 'list', 'dist/a.tgz'])).stdout).toContain('incident');
    expect((await here.run(['audit', 'search', '--event', 'incident', '--output', 'json'])).stdout).toContain(record);
    const list = statement.predicate.affected.list.slice('sha256:'.length);
    const kept = JSON.parse(here.read(`.signwright/evidence/evidence/${list.slice(0, 2)}/${list.slice(2)}`));
    expect(kept[0].artifacts).toMatchObject([{ name: 'dist/a.tgz', environments: ['default'] }]);
  });

  test('says whose signature does not fit any more, and writes all of the report where that is asked for', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars', 'jobs');
    here.write('signwright.yaml.sigstore.json', '{}');
    const done = await act(here, 'cleo', '--workload', 'ci', '--out', 'report.json');
    expect(done).toMatchObject({
      status: 0,
      stdout: /its signature is stale then: signwright policy sign signwright\.yaml --signer SIGNER/,
    });
    const report = JSON.parse(here.read('report.json'));
    expect(report).toMatchObject({ what: 'workload', id: 'ci', person: 'cleo', failures: [], record: { before: false } });
    expect(report.affected.artifacts).toMatchObject([{ name: 'jobs/a.tgz', environments: ['default'] }]);
    here.write('.signwright/trial/trusted-root.sigstore.json', '{}');
    const der = Buffer.from(
      JSON.parse(here.read('.signwright/trial/trusted-root.json')).certificateAuthorities[0].certChain.certificates[0].rawBytes,
      'base64',
    );
    const ca = `sha256:${createHash('sha256').update(der).digest('hex')}`;
    expect((await here.run(['incident', '--certificate', ca, ...WHY, '--dry-run'])).stdout).toMatch(
      /its owners' signatures are stale then.*: signwright trust sign \.signwright\/trial\/trusted-root\.json --name/,
    );
  });

  test('where the policy is built on, the cut-off of what the base defines is shown as a patch and not written', async () => {
    const here = await project();
    here.write('central.yaml', here.read('signwright.yaml'));
    await here.done('sign', '--no-sidecars');
    const { stdout } = await here.run(['policy', 'check', 'central.yaml']);
    const digest = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
    here.write('signwright.yaml', `version: 1\nextends: { file: central.yaml, sha256: "${digest}" }\n`);
    const before = tree(here);
    const done = await act(here, 'cleo', '--workload', 'ci');
    expect(done).toMatchObject({
      status: 0,
      stdout: /central\.yaml is kept elsewhere: nothing is written[\s\S]*\+ {4}compromised: \[/,
    });
    expect(tree(here).get('central.yaml')).toBe(before.get('central.yaml'));
    expect(tree(here).get('signwright.yaml')).toBe(before.get('signwright.yaml'));
  });

  test('what is meant must be one thing that there is', async () => {
    const here = await project();
    for (const [args, says] of [
      [[], /nothing is named/],
      [['--workload', 'ci', '--key', 'release'], /more than one thing/],
      [['--workload', 'c1'], /no workload "c1"; it has ci\n.*did you mean ci/],
      [['--key', 'nokey'], /"nokey" names no key/],
      [['--certificate', 'nofile.pem'], /names no certificate/],
      [['--key', 'release', '--until', '2026-01-01'], /never safe again/],
      [['--since', '2026-01-02', '--until', '2026-01-01'], /ends before it begins/],
      [['--since', 'yesterday'], /is no time/],
    ] as [string[], RegExp][])
      expect(await here.run(['incident', ...args, ...WHY, '--dry-run'])).toMatchObject({ status: 2, stderr: says });
  });
});
