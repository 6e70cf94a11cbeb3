import { copyFileSync } from 'node:fs';
import { createPeopleWorkspace, createSshKey, hasSshKeygen, type PeopleOptions, type PeopleWorkspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: PeopleWorkspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(options?: PeopleOptions): Promise<PeopleWorkspace> {
  const here = await createPeopleWorkspace(options);
  made.push(here);
  return here;
}

const evidenceOf = (said: string): string => /evidence (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';

describe.skipIf(!hasSshKeygen).concurrent('signwright request', () => {
  test('signing asks for the approvals, exits 0, and says how to go on; verify is pending with exit 4', async () => {
    const here = await project();
    const signed = await here.run(['sign', '--no-sidecars']);
    expect(signed.status).toBe(0);
    expect(signed.stderr).toMatch(/approvals are needed: signwright approve sha256:[0-9a-f]{64}/);
    const { status, stdout } = await here.run(['verify', 'dist/a.tgz']);
    expect(status).toBe(4);
    expect(stdout).toMatch(/→ bob, cleo may approve; .*\n +signwright approve sha256:[0-9a-f]{64}\n/);
    expect(stdout).toMatch(/→ or 1 of security may waive it\n +signwright waive approval:security dist\/a\.tgz --reason …/);
  });

  test('says each requirement once for all artifacts, who may meet it, and what to run; the first line is the id alone', async () => {
    const here = await project();
    await here.done('sign', '--no-sidecars');
    const { status, stdout } = await here.run(['request']);
    const [id = '', ...lines] = stdout.trimEnd().split('\n');
    expect([status, id]).toEqual([4, expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
    expect(lines).toEqual([
      '  … approval:engineering  pending: 0 of 1 of the role engineering approved',
      expect.stringMatching(/^ {6}→ ann, bob may approve/),
      expect.stringMatching(
        /^ {6}→ or 1 of security may waive it: signwright waive approval:engineering dist\/a\.tgz dist\/b\.tgz --reason …/,
      ),
      '  … approval:security  pending: 0 of 1 of the role security approved',
      expect.stringMatching(/^ {6}→ bob, cleo may approve/),
      expect.stringMatching(/^ {6}→ or 1 of security may waive it/),
      `  approve: signwright approve ${id}`,
    ]);
  });

  test('is the same request however often it is asked, and another where the bytes or the environment are others', async () => {
    const here = await project();
    const id = await here.asked();
    const again = await here.run(['request']);
    expect(again).toMatchObject({ stdout: expect.stringContaining(id), stderr: /asked before/ });
    expect(await here.asked('--environment', 'test')).not.toBe(id);
    here.write('dist/a.tgz', 'other bytes');
    expect(await here.asked()).not.toBe(id);
  });

  test('exits 0 once all approved, and 1 once somebody rejected', async () => {
    const here = await project();
    const id = await here.asked();
    await here.answer('ann', id);
    await here.answer('cleo', id);
    expect(await here.run(['request'])).toMatchObject({ status: 0, stdout: /nothing is missing/ });
    await here.answer('bob', id, '--reject', '--reason', 'no');
    expect(await here.run(['request'])).toMatchObject({ status: 1, stdout: /✗ approval:security {2}unmet: bob rejected it/ });
  });

  test('where nothing needs an approval is a usage error', async () => {
    const here = await project();
    here.write('signwright.yaml', here.read('signwright.yaml').replace('tier: approved', 'tier: internal'));
    expect(await here.run(['request'])).toMatchObject({ status: 2, stderr: /none of these artifacts needs an approval/ });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('signwright approve', () => {
  test('shows each artifact with its digest before it signs, counts the approval, and allows once all roles approved', async () => {
    const here = await project();
    const id = await here.asked();
    const first = await here.answer('ann', id);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain(
      '  dist/a.tgz (package, approved)\n    sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\n',
    );
    expect(first.stdout).toMatch(/ann approved: evidence sha256:[0-9a-f]{64}, until 20\d\d-/);
    expect(first.stdout).toMatch(/✓ approval:engineering {2}met: approved by ann.*… approval:security {2}pending/s);
    expect(await here.run(['verify'])).toMatchObject({ status: 4 });
    expect(await here.answer('cleo', id)).toMatchObject({ status: 0, stdout: /✓ approval:security {2}met: approved by cleo/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stdout: /✓ allow {2}dist\/b\.tgz/ });
  });

  test('tells what was approved last under a name', async () => {
    const here = await project();
    const id = await here.asked();
    expect((await here.answer('ann', id)).stdout).toContain('nothing by this name was approved here before');
    expect((await here.answer('bob', id)).stdout).toContain('the same bytes were approved 20');
    here.write('dist/a.tgz', 'rebuilt');
    expect((await here.answer('bob', await here.asked())).stdout).toMatch(
      /changed since 20\S+: sha256:ca978112\w+ was approved then/,
    );
  });

  test('answers for some artifacts of a request alone', async () => {
    const here = await project();
    const id = await here.asked();
    for (const who of ['ann', 'cleo'] as const) await here.answer(who, id, '--only', 'dist/b.tgz');
    expect(await here.run(['verify', 'dist/b.tgz'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify', 'dist/a.tgz'])).toMatchObject({ status: 4 });
    const standing = await here.run(['request']);
    expect(standing.stdout).toMatch(/approval:security {2}pending: .* \(dist\/a\.tgz\)\n/);
    expect(standing.stdout).toMatch(/approval:security {2}met: approved by cleo .* \(dist\/b\.tgz\)\n/);
    expect(await here.answer('ann', id, '--only', 'dist/c.tgz')).toMatchObject({
      status: 2,
      stderr: /does not ask for "dist\/c\.tgz"\n.*dist\/a\.tgz, dist\/b\.tgz/,
    });
  });

  test('a rejection needs a reason, denies at once, and stands until who gave it withdraws it', async () => {
    const here = await project();
    const id = await here.asked();
    for (const who of ['ann', 'cleo'] as const) await here.answer(who, id);
    expect(await here.answer('bob', id, '--reject')).toMatchObject({ status: 2, stderr: /a rejection needs a reason/ });
    expect(await here.answer('bob', id, '--reject', '--reason', 'untested')).toMatchObject({
      status: 0,
      stdout: /bob rejected:/,
    });
    expect(await here.run(['verify'])).toMatchObject({ status: 1, stdout: /bob rejected it at/ });
    await here.answer('cleo', id);
    expect(await here.run(['verify'])).toMatchObject({ status: 1 });
    expect(await here.answer('bob', id, '--withdraw')).toMatchObject({ status: 0, stdout: /bob withdrew:/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('who withdraws an approval has not approved', async () => {
    const here = await project({ approvals: '[engineering]' });
    const id = await here.asked();
    await here.answer('ann', id);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    await here.answer('ann', id, '--withdraw');
    expect(await here.run(['verify'])).toMatchObject({ status: 4 });
  });

  test('signs nothing for a key of nobody, or for somebody of none of the roles', async () => {
    const here = await project();
    const id = await here.asked();
    const before = here.evidence().size;
    expect(await here.answer('mallory', id)).toMatchObject({ status: 1, stderr: /is nobody's that the policy names/ });
    for (const more of [[], ['--reject', '--reason', 'no']])
      expect(await here.answer('dave', id, ...more)).toMatchObject({
        status: 1,
        stderr: /dave is of none of the roles that approve this \(engineering, security\), so it would not count/,
      });
    expect(here.evidence().size).toBe(before);
  });

  test('signs nothing without a terminal unless told to, and shows what it would', async () => {
    const here = await project();
    const id = await here.asked();
    const asked = await here.run(['approve', id, '--key', here.key('ann')]);
    expect(asked).toMatchObject({ status: 2, stdout: /dist\/a\.tgz/, stderr: /nobody can be asked here.*\n.*add --yes/ });
  });

  test.each([
    ['that is empty', ' ', /the reason is empty/],
    ['of two lines', 'a\nb', /the reason has a line break/],
    ['that colours the terminal', 'a\u001b[31mb', /the reason has a line break or another control character/],
    ['that is endless', 'x'.repeat(2001), /the reason is longer than 2000 characters/],
  ])('refuses a reason %s before anything is signed', async (_what, reason, says) => {
    const here = await project();
    const id = await here.asked();
    const before = here.evidence().size;
    expect(await here.answer('ann', id, '--reject', '--reason', reason)).toMatchObject({ status: 2, stderr: says });
    expect(here.evidence().size).toBe(before);
  });

  test('wants the whole id of a request that is in the store it looks into', async () => {
    const here = await project();
    const id = await here.asked();
    expect(await here.answer('ann', id.slice(0, 20))).toMatchObject({
      status: 2,
      stderr: /is no request's id\n.*give all of it/,
    });
    expect(await here.answer('ann', id.slice('sha256:'.length), '--only', 'dist/a.tgz')).toMatchObject({ status: 0 });
    expect(await here.answer('ann', id, '--evidence', 'elsewhere')).toMatchObject({
      status: 3,
      stderr: /the request sha256:\w+ cannot be read.*--evidence names another store/s,
    });
    const part = evidenceOf((await here.answer('ann', id)).stdout);
    expect(await here.answer('ann', part)).toMatchObject({ status: 2, stderr: /is evidence, and no request/ });
  });

  test('is refused where the policy demands something else now than when it was asked', async () => {
    const here = await project();
    const id = await here.asked();
    here.write('signwright.yaml', here.read('signwright.yaml').replace('[engineering, security]', '[security]'));
    expect(await here.answer('cleo', id)).toMatchObject({
      status: 1,
      stderr: /dist\/a\.tgz: the policy demands something else of it now.*ask again under this policy/s,
    });
  });

  test('finds the first key in ~/.ssh that is one of the policy’s people', async () => {
    const here = await project();
    const id = await here.asked();
    expect(await here.run(['approve', id, '--yes'])).toMatchObject({ status: 2, stderr: /no SSH key here is one of the people/ });
    for (const [from, to] of [
      ['mallory', 'id_ecdsa'],
      ['bob', 'id_ed25519'],
    ] as const) {
      here.write(`.ssh/${to}`, here.read(`keys/${from}`), 0o600);
      copyFileSync(here.path(`keys/${from}.pub`), here.path(`.ssh/${to}.pub`));
    }
    expect(await here.run(['approve', id, '--yes'])).toMatchObject({ status: 0, stdout: /bob approved/ });
  });

  test('with an encrypted key and no terminal says how else', async () => {
    const key = createSshKey('ed25519', { passphrase: 'swordfish' });
    try {
      const here = await project({ ann: `{ ssh: ["${key.line}"] }` });
      const id = await here.asked();
      const { status, stderr } = await here.run(['approve', id, '--key', key.path, '--yes']);
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/is encrypted, and there is no terminal to ask for its passphrase/),
      ]);
    } finally {
      key.remove();
    }
  });

  test('a key whose time is over signs nothing that counts, and nothing is published', async () => {
    const here = await project();
    const id = await here.asked();
    const before = here.evidence().size;
    const policy = here.read('signwright.yaml');
    for (const times of ['until: 2026-01-01', 'compromised-since: 2026-01-01']) {
      here.write('signwright.yaml', policy.replace(`"${here.line('ann')}"`, `{ key: "${here.line('ann')}", ${times} }`));
      expect(await here.answer('ann', id)).toMatchObject({
        status: 1,
        stderr: /would not count: it signed at .*\n.*nothing was published/,
      });
    }
    expect(here.evidence().size).toBe(before);
    expect(await here.answer('ann-too', id)).toMatchObject({ status: 0 });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('signwright approval show', () => {
  test('prints what was signed, by whom and when; a request as it is', async () => {
    const here = await project();
    const id = await here.asked();
    const evidence = evidenceOf((await here.answer('ann', id, '--reason', 'all tests passed')).stdout);
    const shown = JSON.parse(await here.done('approval', 'show', evidence)) as Record<string, unknown>;
    expect(shown).toMatchObject({
      version: 1,
      evidence,
      by: expect.stringMatching(/SHA256:/),
      statement: {
        predicateType: 'https://signwright.dev/approval/v1',
        predicate: { decision: 'approve', person: 'ann', request: id, reason: 'all tests passed' },
      },
    });
    expect(JSON.parse(await here.done('approval', 'show', id))).toMatchObject({
      request: { environment: 'default', artifacts: [{ name: 'dist/a.tgz' }, { name: 'dist/b.tgz' }] },
    });
  });

  test('writes nothing of what ssh-keygen could not read, or does not hold', async () => {
    const here = await project();
    const id = await here.asked();
    const files = ['--pae', 'pae', '--signature', 'sig', '--allowed-signers', 'allowed'];
    expect(await here.run(['approval', 'show', id, ...files])).toMatchObject({
      status: 2,
      stderr: /is a request, which nobody signed/,
    });
    const [part = ''] = here.evidence().keys();
    expect(await here.run(['approval', 'show', part, ...files])).toMatchObject({ status: 2, stderr: /and not with an SSH key/ });
    const evidence = evidenceOf((await here.answer('ann', id)).stdout);
    here.write('signwright.yaml', here.read('signwright.yaml').replaceAll(here.line('ann'), here.line('mallory')));
    expect(await here.run(['approval', 'show', evidence, ...files])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: /does not hold/,
    });
    expect(['pae', 'sig', 'allowed'].filter((name) => here.has(name))).toEqual([]);
  });
});
