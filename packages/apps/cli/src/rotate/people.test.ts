import { createPeopleWorkspace, hasSshKeygen, type PeopleWorkspace } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const HOUR = 3_600_000;
const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString().replace(/\.\d+Z$/, 'Z');
const EVERY = ['--environment', 'test'];

let here: PeopleWorkspace;
beforeEach(async () => {
  here = await createPeopleWorkspace({ ann: '{ ssh: ["SOLE"] }', approvals: '[engineering]', files: { 'dist/a.tgz': 'a' } });
  annHas('ann');
});
afterEach(() => here.remove());

/** Writes a policy in which ann has this one key. */
function annHas(name: 'ann' | 'ann-too'): void {
  here.write('signwright.yaml', here.read('signwright.yaml').replace(/(ann: \{ ssh: \[).*?\](?= \})/, `$1"${here.line(name)}"]`));
}

const rotate = (...args: string[]) => here.run(['person', 'rotate', 'ann', '--to', 'keys/ann-too.pub', '--write', ...args]);

/** ann approves with a key while it is her one key; what she signed is then judged by the policy as it was rotated. */
async function approvedBy(name: 'ann' | 'ann-too'): Promise<void> {
  annHas(name);
  expect(await here.answer(name, await here.asked(...EVERY))).toMatchObject({ status: 0 });
  annHas('ann');
}

const judged = async (...args: string[]): Promise<[number | null, string]> => {
  const { status, stdout } = await here.run(['verify', ...EVERY, ...args]);
  return [status, stdout];
};

describe.skipIf(!hasSshKeygen)("a person's keys across a rotation", () => {
  // What is signed now is before the change, within the overlap, or after it, depending on when the change is.
  const BEFORE = ['--from', at(1), '--overlap', '2h'];
  const WITHIN = ['--from', at(-1), '--overlap', '2h'];
  const AFTER = ['--from', at(-2), '--overlap', '1h'];

  test.each([
    ['the old key', 'before', 'ann', BEFORE, true],
    ['the old key', 'in the overlap', 'ann', WITHIN, true],
    ['the old key', 'after its end', 'ann', AFTER, false],
    ['the new key', 'before it counts', 'ann-too', BEFORE, false],
    ['the new key', 'in the overlap', 'ann-too', WITHIN, true],
    ['the new key', 'after', 'ann-too', AFTER, true],
  ] as const)('what is signed by %s %s', async (_which, _when, name, terms, counts) => {
    await approvedBy(name);
    expect(await rotate(...terms)).toMatchObject({ status: 0 });
    const [status, said] = await judged();
    expect(status).toBe(counts ? 0 : 4);
    if (!counts) expect(said).toMatch(name === 'ann' ? /the key counted until/ : /the key counts from/);
  });

  test.each([
    ['the old key', 'ann', ['--from', at(-1), '--overlap', '62m'], 0],
    ['the new key', 'ann-too', ['--from', at(0.05), '--overlap', '1h'], 4],
  ] as const)(
    "%s is judged by its timestamp alone: a verifier's clock that runs half a day ahead changes nothing",
    async (_which, name, terms, status) => {
      await approvedBy(name);
      expect(await rotate(...terms)).toMatchObject({ status: 0 });
      expect((await judged())[0]).toBe(status);
      expect((await judged('--at', at(12)))[0]).toBe(status);
    },
  );

  test('approving signs with the key that counts of those at hand, and with no other that is named', async () => {
    const id = await here.asked(...EVERY);
    expect(await rotate(...AFTER)).toMatchObject({ status: 0 });
    expect(await here.answer('ann', id)).toMatchObject({ status: 1, stderr: /would not count: .*counted until/ });
    here.write('home/.ssh/id_ed25519', here.read('keys/ann'), 0o600);
    here.write('home/.ssh/id_ed25519.pub', here.read('keys/ann.pub'));
    here.write('home/.ssh/id_rsa', here.read('keys/ann-too'), 0o600);
    here.write('home/.ssh/id_rsa.pub', here.read('keys/ann-too.pub'));
    const env = { HOME: here.path('home'), SSH_AUTH_SOCK: '' };
    expect(await here.run(['approve', id, '--yes'], { env })).toMatchObject({ status: 0 });
    expect((await judged())[0]).toBe(0);
  });

  test('the policy keeps its comments, loses no key, and is another edition only where it says so', async () => {
    here.write('signwright.yaml', `${here.read('signwright.yaml')}# the end\n`);
    const { stdout } = await rotate(...BEFORE);
    expect(stdout).toMatch(/^signwright\.yaml was edited:\n {2}- .*\n {2}\+ .*from: .*until: /);
    expect(stdout).not.toMatch(/serial/);
    const written = here.read('signwright.yaml');
    expect(written).toContain('# the end\n');
    expect(written).toContain(here.line('ann'));
    expect(written).toContain(here.line('ann-too'));
  });
});

describe.skipIf(!hasSshKeygen)('signwright person rotate', () => {
  test('without --write changes nothing', async () => {
    const before = here.read('signwright.yaml');
    const { status, stdout } = await here.run(['person', 'rotate', 'ann', '--to', 'keys/ann-too.pub']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/is to be edited \(--write does it\)/)]);
    expect(here.read('signwright.yaml')).toBe(before);
  });

  test.each([
    ['a private key', ['ann', '--to', 'keys/dave'], /private key, where a public one belongs/],
    ["somebody else's key", ['ann', '--to', 'keys/bob.pub'], /people\.bob\.ssh\[0\]: the same SSH key is "ann"'s/],
    ['the key they have', ['ann', '--to', 'keys/ann.pub'], /listed twice/],
    ['nobody', ['eve', '--to', 'keys/ann-too.pub'], /nobody called "eve"/],
    ['no time', ['ann', '--to', 'keys/ann-too.pub', '--from', 'tomorrow'], /is no time/],
    ['a key they do not have', ['ann', '--to', 'keys/ann-too.pub', '--replaces', 'SHA256:x'], /no key SHA256:x/],
  ])('refuses %s, and writes nothing', async (_what, args, why) => {
    const before = here.read('signwright.yaml');
    expect(await here.run(['person', 'rotate', ...args, '--write'])).toMatchObject({ status: 2, stderr: why });
    expect(here.read('signwright.yaml')).toBe(before);
  });

  test('asks which key, where there are several that go on', async () => {
    here.write('signwright.yaml', here.read('signwright.yaml').replace(/(ann: \{ ssh: \[)/, `$1"${here.line('mallory')}", `));
    const { status, stderr } = await rotate();
    expect([status, stderr]).toEqual([2, expect.stringMatching(/several keys.*\n.*--replaces SHA256:\S+ or SHA256:/)]);
    const fingerprint = /SHA256:\S+(?= or)/.exec(stderr)?.[0] ?? '';
    expect(await rotate('--replaces', fingerprint)).toMatchObject({ status: 0 });
    expect(await rotate('--replaces', fingerprint)).toMatchObject({ status: 2, stderr: /listed twice/ });
  });
});
