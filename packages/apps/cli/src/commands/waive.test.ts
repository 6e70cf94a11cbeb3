import { createPeopleWorkspace, hasSshKeygen, type PeopleOptions, type PeopleWorkspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: PeopleWorkspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(options?: PeopleOptions): Promise<PeopleWorkspace> {
  const here = await createPeopleWorkspace(options);
  made.push(here);
  await here.done('sign', '--no-sidecars');
  return here;
}

type Who = Parameters<PeopleWorkspace['key']>[0];
const waive = (here: PeopleWorkspace, who: Who, ...args: string[]) =>
  here.run(['waive', '--reason', 'outage 4711', '--key', `keys/${who}`, '--yes', ...args]);
const breakGlass = (here: PeopleWorkspace, who: Who, ...args: string[]) => waive(here, who, '--break-glass', ...args);
const evidenceOf = (said: string): string => /evidence (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';

describe.skipIf(!hasSshKeygen).concurrent('signwright waive', () => {
  test('lets one requirement of exact bytes be unmet, names who and why in the verdict, and no other', async () => {
    const here = await project();
    const { status, stdout } = await waive(here, 'cleo', 'approval:engineering', 'dist/a.tgz', '--for', '1h');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^approval:engineering, in default, until 20.*\n {2}dist\/a\.tgz\n {4}sha256:ca97.*\n {2}because: outage 4711\n/,
    );
    expect(stdout).toMatch(/✓ approval:engineering {2}waived: waived by cleo \(until 20\S+: outage 4711\)/);
    const verdict = await here.run(['verify', 'dist/a.tgz']);
    expect(verdict).toMatchObject({ status: 4, stdout: /approval:engineering {2}waived.*approval:security {2}pending/s });
    expect((await here.run(['verify', 'dist/b.tgz'])).stdout).not.toContain('waived:');
    here.write('dist/a.tgz', 'other bytes');
    await here.done('sign', '--no-sidecars');
    expect((await here.run(['verify', 'dist/a.tgz'])).stdout).not.toContain('waived:');
  });

  test('signs nothing that nobody may waive, or that is not demanded, and names what can be', async () => {
    const here = await project();
    for (const [requirement, says] of [
      ['signature:build', /signature:build can never be waived\n.*approval:engineering, approval:security/],
      ['window', /window is not demanded of it\n.*approval:engineering, approval:security/],
    ] as const)
      expect(await waive(here, 'cleo', requirement, 'dist/a.tgz')).toMatchObject({ status: 1, stderr: says });
    expect(await here.run(['waive', '--reason', 'x'])).toMatchObject({ status: 2, stderr: /which requirement\?/ });
    expect(await waive(here, 'ann', 'approval:security', 'dist/a.tgz')).toMatchObject({
      status: 1,
      stderr: /ann is not of the role security, so it would not count\n.*nothing was signed/,
    });
    expect(here.evidence().size).toBe(1);
  });

  test('signs none for longer than the policy lets it count', async () => {
    const here = await project();
    expect(await waive(here, 'cleo', 'approval:security', 'dist/a.tgz', '--for', '15d')).toMatchObject({
      status: 1,
      stderr: /the policy lets it count for 2w at the most/,
    });
    expect(await breakGlass(here, 'cleo', 'dist/a.tgz', '--for', '5h')).toMatchObject({
      status: 1,
      stderr: /for 4h at the most/,
    });
  });

  test('gets around no rejection, and says so before it is signed', async () => {
    const here = await project();
    const id = await here.asked();
    await here.answer('bob', id, '--reject', '--reason', 'unsafe');
    for (const run of [waive(here, 'cleo', 'approval:security', 'dist/a.tgz'), breakGlass(here, 'cleo', 'dist/a.tgz')])
      expect(await run).toMatchObject({ status: 1, stderr: /dist\/a\.tgz: bob rejected it at .*, which no waiver gets around/ });
  });

  test('of a whole rule counts for whatever it matches, for no other rule, and says so in capitals', async () => {
    const here = await project();
    const policy = here.read('signwright.yaml');
    const other = '  - { name: tools, match: "dist/tools/**", tier: approved }\n';
    here.write('signwright.yaml', policy.replace('artifacts:\n', `artifacts:\n${other}`));
    here.write('dist/tools/t.tgz', 't');
    await here.done('sign', '--no-sidecars');
    const { stdout } = await waive(here, 'cleo', 'approval:engineering', 'dist/a.tgz', '--whole-rule');
    expect(stdout).toMatch(/of WHATEVER the rule "files" at signwright\.yaml:\d+:\d+ matches/);
    const verdicts = await here.run(['verify']);
    const [a, b, tool] = ['dist/a.tgz', 'dist/b.tgz', 'dist/tools/t.tgz'].map(
      (name) => verdicts.stdout.split(` ${name} `)[1]?.split('\n… ')[0],
    );
    expect(a).toContain('approval:engineering  waived');
    expect(b).toContain('approval:engineering  waived');
    expect(tool).toContain('approval:engineering  pending');
  });

  test('tells whoever the policy wants told, and not the reasons of anything else', async () => {
    const here = await project({
      more: 'notify: [{ webhook: "http://127.0.0.1:9/hook", allow-private: true, secret-env: HOOK, on: [waiver, break-glass, pending] }]\n',
    });
    const env = { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const said = async (...args: string[]) => (await here.run(args, { env })).stderr;
    here.write('dist/c.tgz', 'c');
    const told = /127\.0\.0\.1:9\/hook could not be told/;
    expect(await said('sign', '--no-sidecars')).toMatch(told);
    expect(await said('request')).not.toMatch(told);
    expect(await said('verify')).not.toMatch(told);
    expect(await said('waive', 'approval:security', 'dist/a.tgz', '--reason', 'x', '--key', 'keys/cleo', '--yes')).toMatch(told);
    expect(await said('sign', '--no-sidecars')).not.toContain(env.HOOK);
  });
});

describe.skipIf(!hasSshKeygen).concurrent('the glass', () => {
  test('is broken by as many people as the tier says, and not by one person twice', async () => {
    const here = await project();
    const first = await breakGlass(here, 'cleo', 'dist/a.tgz');
    expect(first).toMatchObject({ status: 0, stdout: /cleo broke the glass: .*… approval:engineering {2}pending/s });
    await breakGlass(here, 'cleo', 'dist/a.tgz', '--for', '1h');
    expect(await here.run(['verify', 'dist/a.tgz'])).toMatchObject({ status: 4 });
    await breakGlass(here, 'bob', 'dist/a.tgz');
    const verdict = await here.run(['verify', 'dist/a.tgz']);
    expect(verdict).toMatchObject({ status: 0, stdout: /the glass was broken by/ });
  });

  test('is by nobody outside of the role, and not where the tier has none', async () => {
    const here = await project();
    expect(await breakGlass(here, 'ann', 'dist/a.tgz')).toMatchObject({ status: 1, stderr: /ann is not of the role security/ });
    here.write('signwright.yaml', here.read('signwright.yaml').replace(/, break-glass: \{[^}]*\}/, ''));
    expect(await breakGlass(here, 'cleo', 'dist/a.tgz')).toMatchObject({
      status: 1,
      stderr: /the policy lets nobody break the glass here/,
    });
  });

  test('stays marked in every verdict until somebody else than who broke it has reviewed why', async () => {
    const here = await project();
    const waivers = [];
    for (const who of ['bob', 'cleo'] as const) waivers.push(evidenceOf((await breakGlass(here, who, 'dist/a.tgz')).stdout));
    const marked = await here.run(['verify', 'dist/a.tgz']);
    expect(marked.stdout).toContain('the glass was broken, and nobody has reviewed why: signwright review sha256:');
    const { verdicts } = JSON.parse((await here.run(['verify', 'dist/a.tgz', '--output', 'json'])).stdout) as {
      verdicts: [{ unreviewed: string[] }];
    };
    expect(verdicts[0].unreviewed).toEqual([...waivers].sort());
    const review = (who: Who, ...ids: string[]) =>
      here.run(['review', ...ids, '--reason', 'disk full', '--key', `keys/${who}`, '--yes']);
    expect(await review('bob', ...waivers)).toMatchObject({
      status: 1,
      stderr: /bob broke the glass, so somebody else must review it/,
    });
    expect(await review('ann', ...waivers)).toMatchObject({
      status: 0,
      stdout: /because: outage 4711\n.*ann reviewed it: evidence sha256/s,
    });
    const reviewed = await here.run(['verify', 'dist/a.tgz']);
    expect(reviewed.status).toBe(0);
    expect(reviewed.stdout).not.toContain('nobody has reviewed');
  });

  test('is the only thing that is reviewed', async () => {
    const here = await project();
    const waiver = evidenceOf((await waive(here, 'cleo', 'approval:security', 'dist/a.tgz')).stdout);
    const [part = ''] = here.evidence().keys();
    const review = (id: string) => here.run(['review', id, '--reason', 'x', '--key', 'keys/ann', '--yes']);
    expect(await review(waiver)).toMatchObject({ status: 2, stderr: /broke no glass/ });
    expect(await review(`sha256:${part}`)).toMatchObject({ stderr: /is no waiver that holds|broke no glass/ });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('an archive of a release that people approved', () => {
  test('verifies from its evidence alone: requests, approvals, waivers of bytes and of rules', async () => {
    const here = await project();
    const id = await here.asked();
    await here.answer('ann', id, '--only', 'dist/a.tgz');
    await waive(here, 'cleo', 'approval:engineering', 'dist/b.tgz');
    await waive(here, 'cleo', 'approval:security', 'dist/b.tgz', '--whole-rule');
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    await here.done('evidence', 'export', '--out', 'release.tar');
    const there = await createPeopleWorkspace();
    made.push(there);
    const { readFileSync } = await import('node:fs');
    there.write('elsewhere/release.tar', readFileSync(here.path('release.tar')));
    const verdict = await there.run(['evidence', 'verify', 'elsewhere/release.tar']);
    expect(verdict).toMatchObject({ status: 0, stdout: /approved by ann.*approval:security {2}waived/s });
    await here.done('evidence', 'push', '--to', 'copy');
    expect(await here.run(['verify', '--evidence', 'copy'])).toMatchObject({ status: 0 });
  });
});
