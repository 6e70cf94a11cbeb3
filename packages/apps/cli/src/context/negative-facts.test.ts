import { readFileSync, rmSync } from 'node:fs';
import { type Sha256, sha256 } from '@signwright/signing-core';
import { createSshKey, createWorkspace, hasSshKeygen, type TestSshKey, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type KnownAgainst, negativeFacts } from './negative-facts.ts';
import { openPolicy } from './open-policy.ts';

const APP = sha256('app');

describe.skipIf(!hasSshKeygen)('what the log says against artifacts', () => {
  let key: TestSshKey;
  let other: TestSshKey;
  const made: Workspace[] = [];
  beforeAll(() => {
    key = createSshKey('ed25519');
    other = createSshKey('ecdsa-256');
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => {
    for (const workspace of made) workspace.remove();
    key.remove();
    other.remove();
  });

  /** A project whose files ann approves, with a log that a witness watches; `max-age` as it is given. */
  async function project(maxAge = ''): Promise<Workspace> {
    const here = await createWorkspace({ files: { 'dist/app.tgz': 'app', 'dist/tool.tgz': 'tool' } });
    made.push(here);
    vi.stubEnv('XDG_CACHE_HOME', here.path('cache'));
    const keyOf = async (...args: string[]): Promise<string> =>
      /"(\S+\+[0-9a-f]{8}\+\S+)"/.exec((await here.run(['audit', 'init', ...args])).stdout)?.[1] ?? '';
    const log = await keyOf('--name', 'log.example/asked', '--key', 'keys/log.pem');
    const witness = await keyOf('--name', 'w.example', '--key', 'keys/w.pem', '--witness');
    const tier = `  approved: { extends: internal, audit: required, approvals: [lead], break-glass: { role: lead, max-age: 4h } }\n`;
    const people = `people: { ann: { ssh: [{ key: "${key.line}" }] }, bob: { ssh: [{ key: "${other.line}" }] } }\nroles: { lead: [ann, bob] }\n`;
    const watched = maxAge === '' ? '' : `, witnesses: [{ name: w.example, key: "${witness}" }], max-age: ${maxAge}`;
    const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${log}"]${watched} }\n`;
    here.write('signwright.yaml', trialPolicy('  - { match: "dist/**", tier: approved }', `${tier}${people}${audit}`));
    return here;
  }

  const env = (here: Workspace): { env: Record<string, string> } => ({ env: { XDG_CACHE_HOME: here.path('cache') } });
  async function done(here: Workspace, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await here.run(args, env(here));
    expect(status, `${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  }
  /** Signs, and asks for approvals. @returns the id of the request. */
  async function asked(here: Workspace): Promise<Sha256> {
    await done(here, 'sign', '--no-sidecars');
    const { stdout, stderr } = await here.run(['request'], env(here));
    return (/sha256:[0-9a-f]{64}/.exec(stdout + stderr)?.[0] ?? '') as Sha256;
  }
  const answer = (here: Workspace, id: string, ...more: string[]): Promise<string> =>
    done(here, 'approve', id, '--key', key.path, '--yes', ...more);
  const evidenceIn = (said: string): string => /evidence (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';
  async function against(here: Workspace, digests: readonly Sha256[] = [APP], now = new Date()): Promise<KnownAgainst> {
    return negativeFacts(await openPolicy({ policy: here.path('signwright.yaml') }, now), digests, 'default', now);
  }
  const lost = (here: Workspace, name: string): void => rmSync(here.path(name), { recursive: true });

  test('names who rejected it, whose evidence must then be there', async () => {
    const here = await project();
    const id = await asked(here);
    expect(await against(here)).toEqual({ negative: { named: new Map() }, unreviewed: [] });
    const store = '.signwright/evidence';
    for (const name of here.files(store)) here.write(`before/${name}`, readFileSync(here.path(`${store}/${name}`)));
    const evidence = evidenceIn(await answer(here, id, '--only', 'dist/app.tgz', '--reject', '--reason', 'not today'));
    expect(await against(here, [APP, sha256('tool')])).toEqual({
      negative: { named: new Map([[APP, [evidence]]]) },
      unreviewed: [],
    });
    expect(await here.run(['verify', 'dist/app.tgz'], env(here))).toMatchObject({ status: 1, stdout: /ann rejected it/ });
    const hidden = await here.run(['verify', 'dist/app.tgz', '--evidence', 'before'], env(here));
    expect(hidden).toMatchObject({
      status: 3,
      stdout: new RegExp(`the log names a rejection or withdrawal that is not here: ${evidence}`),
    });
  });

  test('is heard from a machine without the log’s key before it is in order', async () => {
    const here = await project();
    const id = await asked(here);
    const pem = here.read('keys/log.pem');
    lost(here, 'keys/log.pem');
    const evidence = evidenceIn(await answer(here, id, '--reject', '--reason', 'not today'));
    expect((await against(here)).negative).toEqual({ named: new Map([[APP, [evidence]]]) });
    here.write('keys/log.pem', pem, 0o600);
    await done(here, 'audit', 'sequence', '--state', here.path('state'));
    expect((await against(here)).negative).toEqual({ named: new Map([[APP, [evidence]]]) });
  });

  test('is shown by the audit commands, among the records of the request', async () => {
    const here = await project();
    const id = await asked(here);
    const rejected = evidenceIn(await answer(here, id, '--reject', '--reason', 'not today'));
    await answer(here, id);
    const listed = await done(here, 'audit', 'list');
    expect(listed).toMatch(/ approved +approval +default +dist\/app\.tgz dist\/tool\.tgz +.* ann +[0-9a-f]{12} +approve/);
    expect(listed).toMatch(/ rejected +approval /);
    const found = async (...args: string[]): Promise<string[]> => {
      const { requests } = JSON.parse(await done(here, 'audit', 'search', ...args, '--output', 'json')) as {
        requests: { record: { said: string } }[];
      };
      return requests.map(({ record }) => record.said);
    };
    expect(await found('--signer', 'ann')).toEqual(['approve', 'reject']);
    expect(await found('--event', 'approval', '--digest', APP)).toEqual(['approve', 'reject']);
    expect(await found('--said', 'reject')).toEqual(['reject']);
    expect(await found('--digest', rejected)).toEqual(['reject']);
    expect(await found('--key', `${key.path}.pub`)).toEqual(['approve', 'reject']);
    expect(await here.run(['audit', 'search', '--said', 'yes'], env(here))).toMatchObject({ status: 2 });
    expect(await done(here, 'audit', 'show', id)).toContain('"said": "reject"');
    expect(await done(here, 'audit', 'verify')).toMatch(/1 intents, 1 results, 0 refusals, 2 approvals, 0 others/);
  });

  test('is that the glass was broken, until somebody reviewed it', async () => {
    const here = await project();
    await done(here, 'sign', '--no-sidecars');
    const glass = ['--break-glass', '--reason', 'an outage', '--digest', APP, '--name', 'dist/app.tgz'];
    const said = await done(here, 'waive', ...glass, '--key', key.path, '--yes');
    const broken = /evidence (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';
    expect((await against(here)).unreviewed).toEqual([broken]);
    await done(here, 'review', broken, '--reason', 'it was one', '--key', other.path, '--yes');
    expect((await against(here)).unreviewed).toEqual([]);
  });

  test('is known only up to when witnesses attest it', async () => {
    const here = await project('1h');
    await asked(here);
    expect((await against(here)).negative.unavailable).toMatch(/a witness must have cosigned the log within 3600 s/);
    await done(here, 'audit', 'witness', '--name', 'w.example', '--key', 'keys/w.pem', '--state', 'state');
    expect((await against(here)).negative).toEqual({ named: new Map() });
    const later = await against(here, [APP], new Date(Date.now() + 2 * 3_600_000));
    expect(later.negative.unavailable).toMatch(
      /a witness cosigned the log last 7\d\d\d s ago .* \(run "signwright audit witness"/,
    );
  });

  test('is unavailable, and says why, where the log is gone, was changed or cannot be opened; never an error', async () => {
    const here = await project();
    await asked(here);
    // A directory keeps a blob that is swapped as files of its versions.
    const heads = here
      .files('log/head@')
      .map((name) => [`log/head@/${name}`, readFileSync(here.path(`log/head@/${name}`))] as const);
    for (const [name, head] of heads) here.write(name, Buffer.from(head.map((byte, at) => (at === 200 ? byte ^ 1 : byte))));
    expect((await against(here)).negative.unavailable).toMatch(/the log is damaged at head: .*audit verify/);
    for (const [name, head] of heads) here.write(name, head);
    const next = here.files('log/segments').length;
    here.write(`log/segments/${String(next).padStart(12, '0')}`, 'junk');
    expect((await against(here)).negative.unavailable).toMatch(/waits for its order, cannot be read: .*audit sequence/);
    lost(here, 'log');
    expect((await against(here)).negative.unavailable).toMatch(/there is no log at .*log: nothing was ever written there/);
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('log: log,', 'log: "s3://bucket/log?endpoint=http://127.0.0.1:9",'));
    const { negative, unreviewed } = await against(here);
    expect([negative.named.size, unreviewed]).toEqual([0, []]);
    expect(negative.unavailable).toMatch(/./);
    here.write('signwright.yaml', policy.replace(/^audit: .*\n/m, '').replace(' audit: required, approvals: [lead],', ''));
    await expect(against(here)).rejects.toMatchObject({ code: 'policy' });
  });
});
