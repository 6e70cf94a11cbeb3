import { createWorkspace, freshKeys, type Workspace } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const HOUR = 3_600_000;
const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
const KEYS = { old: freshKeys(), new: freshKeys() };
type Which = keyof typeof KEYS;

let here: Workspace;
beforeEach(async () => {
  here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  for (const [name, { privateKey, publicKey }] of Object.entries(KEYS)) {
    here.write(`keys/${name}.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    here.write(`keys/${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  }
  signsWith('old');
});
afterEach(() => here.remove());

/** Writes a policy whose signer has one key. */
function signsWith(which: Which): void {
  here.write(
    'signwright.yaml',
    `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
signers:
  release:   # by hand
    keys:
      - { ref: keys/${which}.pem, public-key: keys/${which}.pub }   # in the safe
tiers: { internal: { signatures: [release] } }
artifacts: [{ match: "dist/**", tier: internal }]
`,
  );
}

const rotate = (from: string, overlap: string) =>
  here.run(['signer', 'rotate', 'release', '--to', 'keys/new.pem', '--from', from, '--overlap', overlap, '--write']);
const sign = () => here.run(['sign', '--no-sidecars']);

describe("a signer's key across a rotation", () => {
  const BEFORE = [at(1), '2h'] as const;
  const WITHIN = [at(-1), '2h'] as const;
  const AFTER = [at(-2), '1h'] as const;

  test.each([
    ['the old key', 'before', 'old', BEFORE, true],
    ['the old key', 'in the overlap', 'old', WITHIN, true],
    ['the old key', 'after its end', 'old', AFTER, false],
    ['the new key', 'before it counts', 'new', BEFORE, false],
    ['the new key', 'in the overlap', 'new', WITHIN, true],
    ['the new key', 'after', 'new', AFTER, true],
  ] as const)('what is signed by %s %s', async (_which, _when, which, [from, overlap], counts) => {
    signsWith(which);
    expect(await sign()).toMatchObject({ status: 0 });
    signsWith('old');
    expect(await rotate(from, overlap)).toMatchObject({ status: 0 });
    for (const clock of [[], ['--at', at(12)]]) {
      const { status, stdout } = await here.run(['verify', ...clock]);
      expect([clock, status]).toEqual([clock, counts ? 0 : 1]);
      if (!counts) expect(stdout).toMatch(which === 'old' ? /the key counted until/ : /the key counts from/);
    }
  });

  test.each([
    ['before', BEFORE, 'old'],
    ['in the overlap', WITHIN, 'new'],
    ['after', AFTER, 'new'],
  ] as const)(
    'signing %s takes the key that is to sign then, with the other out of reach',
    async (_when, [from, overlap], which) => {
      expect(await rotate(from, overlap)).toMatchObject({ status: 0 });
      here.write(`keys/${which === 'old' ? 'new' : 'old'}.pem`, 'gone');
      expect(await sign()).toMatchObject({ status: 0 });
      expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    },
  );

  test('leaves the comments of the policy, and the old key’s line', async () => {
    await rotate(...WITHIN);
    expect(here.read('signwright.yaml')).toMatch(
      /release: {3}# by hand\n {4}keys:\n {6}- \{ ref: keys\/new\.pem, .*from: .* \}\n {6}- \{ ref: keys\/old\.pem, .*until: .* \} {3}# in the safe\n/,
    );
  });

  test('of a signer that another policy defines is asked of that policy', async () => {
    here.write('central.yaml', here.read('signwright.yaml'));
    const { stdout } = await here.run(['policy', 'check', 'central.yaml']);
    const [digest] = /sha256:[0-9a-f]{64}/.exec(stdout) ?? [];
    here.write('signwright.yaml', `version: 1\nextends: { file: central.yaml, sha256: "${digest}" }\n`);
    expect(await rotate(...WITHIN)).toMatchObject({ status: 2, stderr: /of another policy[\s\S]*--policy central\.yaml/ });
    expect(here.has('trust')).toBe(false);
  });
});
