import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createWorkspace, freshKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RULE = '  - { match: "dist/**", tier: internal }';
const policy = (serial: number, more = ''): string => `${trialPolicy(RULE)}name: acme\nserial: ${serial}\n${more}`;

let here: Workspace;
let anchor: string;
beforeAll(async () => {
  here = await createWorkspace({ policy: policy(3), files: { 'dist/a.bin': 'a' } });
  const shown = await here.run(['trust', 'show', '.signwright/trial/trusted-root.json', '--output', 'json']);
  const { digest, issuersDigest } = JSON.parse(shown.stdout) as { digest: string; issuersDigest: string };
  anchor = `name: acme
signed-by: { issuer: https://trial.signwright.invalid, subject: "https://trial.signwright.invalid/acme/app//trial@refs/heads/*" }
min-serial: 2
trust-root-sha256: ${digest}
trust-root-issuers-sha256: ${issuersDigest}
`;
  here.write('anchor.yaml', anchor);
});
afterAll(() => here.remove());

/** Signs one edition, into a file of its own. */
async function signed(file: string, text: string, by = 'build'): Promise<string> {
  here.write(file, text);
  const { status, stderr } = await here.run(['policy', 'sign', file, '--signer', by]);
  expect([status, stderr]).toEqual([0, '']);
  return file;
}

const fresh = (name: string) => ({ env: { XDG_STATE_HOME: here.path(`state/${name}`) } });

describe('signwright policy sign', () => {
  test('signs an edition, which an anchor then takes by who signed it; another tool can read the bundle', async () => {
    const file = await signed('p3.yaml', policy(3));
    const { status, stdout } = await here.run(['policy', 'check', file, '--anchor', 'anchor.yaml'], fresh('a'));
    expect(status).toBe(0);
    expect(stdout).toContain('it is what the anchor says');
    const shown = await here.run(['bundle', 'show', `${file}.sigstore.json`]);
    expect(shown.stdout).toContain('https://signwright.dev/policy/v1');
  });

  test.each([
    ['no name', policy(3).replace('name: acme\n', ''), 'the policy has no name'],
    ['no serial', policy(3).replace('serial: 3\n', ''), 'the policy has no serial'],
    ['a mistake in it', policy(3).replace('signatures', 'signature'), 'signature'],
  ])('does not sign a policy with %s', async (_what, text, says) => {
    here.write('bad.yaml', text);
    const { status, stdout, stderr } = await here.run(['policy', 'sign', 'bad.yaml', '--signer', 'build']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(here.has('bad.yaml.sigstore.json')).toBe(false);
  });

  test('signs as no signer that the policy does not have', async () => {
    const { status, stderr } = await here.run(['policy', 'sign', '--signer', 'nobody']);
    expect(status).toBe(2);
    expect(stderr).toContain('its signers are build');
  });
});

describe('an anchor by signature', () => {
  test('refuses a policy that was changed, that is not signed, or whose signature is of another edition', async () => {
    const file = await signed('q.yaml', policy(3));
    const check = () => here.run(['verify', 'dist/a.bin', '--policy', file, '--anchor', 'anchor.yaml'], fresh('b'));
    here.write(file, policy(3).replace('dist/**', '**'));
    expect(await check()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('it signs another policy') });
    here.write(file, policy(4));
    expect((await check()).stderr).toContain('it signs another policy');
    rmSync(here.path(`${file}.sigstore.json`));
    expect(await check()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('the policy is not signed') });
  });

  test('takes no signature through a link that leads out of the directory', async () => {
    await signed('outside.yaml', policy(3));
    here.write('sub/p.yaml', policy(3).replaceAll('.signwright/trial', 'trial'));
    for (const name of here.files('.signwright/trial'))
      here.write(`sub/trial/${name}`, readFileSync(here.path(`.signwright/trial/${name}`)), 0o600);
    symlinkSync('../outside.yaml.sigstore.json', here.path('sub/p.yaml.sigstore.json'));
    const { status, stderr } = await here.run(['policy', 'check', 'sub/p.yaml', '--anchor', 'anchor.yaml']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('leads out of')]);
  });

  test('refuses an older edition than the newest this machine has seen, and one of the same serial that is another', async () => {
    const [three, four] = [await signed('s3.yaml', policy(3)), await signed('s4.yaml', policy(4))];
    const again = await signed('s4b.yaml', policy(4, 'owner: somebody\n'));
    const check = (file: string, state: string) => here.run(['policy', 'check', file, '--anchor', 'anchor.yaml'], fresh(state));
    expect((await check(three, 'c')).status).toBe(0);
    expect((await check(four, 'c')).status).toBe(0);
    expect((await check(four, 'c')).status).toBe(0);
    const older = await check(three, 'c');
    expect([older.status, older.stdout]).toEqual([2, '']);
    expect(older.stderr).toContain('has the serial 3, and this machine has seen 4');
    const other = await check(again, 'c');
    expect([other.status, other.stdout]).toEqual([2, '']);
    expect(other.stderr).toContain('two editions of the policy acme with the serial 4');
    expect((await check(three, 'elsewhere')).status).toBe(0);
  });

  test('knows an older edition whoever signed it, while one who signs takes over from another', async () => {
    const { privateKey, publicKey } = freshKeys();
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    here.write('keys/next.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    here.write('keys/next.pub', pem);
    const withNext = (serial: number): string =>
      policy(serial).replace('signers:\n', 'signers:\n  next: { keys: [{ ref: keys/next.pem, public-key: keys/next.pub }] }\n');
    const [three, five] = [await signed('n3.yaml', withNext(3)), await signed('n5.yaml', withNext(5), 'next')];
    const [, by = ''] = /^signed-by: (.*)$/m.exec(anchor) ?? [];
    here.write('both.yaml', anchor.replace(by, `[{ public-key: ${JSON.stringify(pem)}, from: 2026-01-01 }, ${by}]`));
    const check = (file: string, at = 'both.yaml') => here.run(['policy', 'check', file, '--anchor', at], fresh('n'));
    expect(await check(three)).toMatchObject({ status: 0 });
    expect(await check(five)).toMatchObject({ status: 0 });
    expect(await check(three)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has the serial 3, and this machine has seen 5'),
    });
    // Whoever brings an anchor of their own spoils nothing for those who do not know its signer.
    expect(await check(three, 'anchor.yaml')).toMatchObject({ status: 0 });
  });

  test('keeps out old editions by min-serial where nothing is remembered', async () => {
    const file = await signed('s1.yaml', policy(1));
    const { status, stderr } = await here.run(['policy', 'check', file, '--anchor', 'anchor.yaml'], fresh('d'));
    expect(status).toBe(2);
    expect(stderr).toContain("the policy's serial is 1, and the anchor wants 2 at least");
  });

  test('remembers only what rises, whoever runs at the same time; what is no edition there is left alone', async () => {
    const files = await Promise.all([5, 6, 7].map((serial) => signed(`t${serial}.yaml`, policy(serial))));
    await Promise.all(
      [...files, ...files].map((file) => here.run(['policy', 'check', file, '--anchor', 'anchor.yaml'], fresh('e'))),
    );
    const place = here.path('state/e/signwright/editions');
    const [directory = ''] = readdirSync(place);
    writeFileSync(`${place}/${directory}/notes.txt`, '');
    const { stderr } = await here.run(['policy', 'check', 'p3.yaml', '--anchor', 'anchor.yaml'], fresh('e'));
    expect(stderr).toContain('this machine has seen 7');
  });

  test('goes on where nothing can be remembered, and says so', async () => {
    here.write('a-file', '');
    const run = await here.run(['policy', 'check', 'p3.yaml', '--anchor', 'anchor.yaml'], {
      env: { XDG_STATE_HOME: here.path('a-file') },
    });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('cannot be remembered here');
  });
});

test('evidence signed under a signed policy verifies from the evidence alone, by the anchor that says who signs policies', async () => {
  const there = await createWorkspace({ policy: policy(3), files: { 'dist/a.bin': 'a', 'anchor.yaml': anchor } });
  expect((await there.run(['policy', 'sign', '--signer', 'build'])).status).toBe(0);
  expect(await there.run(['sign', 'dist', '--anchor', 'anchor.yaml'])).toMatchObject({ status: 0 });
  expect(await there.run(['evidence', 'export', 'dist', '--out', 'release.tar'])).toMatchObject({ status: 0 });
  rmSync(there.path('signwright.yaml'));
  const verify = (text: string) => {
    there.write('other.yaml', text);
    return there.run(['evidence', 'verify', 'release.tar', 'dist/a.bin', '--anchor', 'other.yaml']);
  };
  const good = await verify(anchor);
  expect(good.stderr + good.stdout).toContain('allow');
  expect(good.status).toBe(0);
  const stricter = await verify(anchor.replace('min-serial: 2', 'min-serial: 4'));
  expect([stricter.status, stricter.stderr]).toEqual([2, expect.stringContaining('the anchor wants 4 at least')]);
  there.remove();
});
