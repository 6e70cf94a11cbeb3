import { describe, expect, test } from 'vitest';
import { load, withKey } from '../tests/policy-files.ts';
import { checkAnchor, parseAnchor, trustRootDigestOf } from './anchor.ts';

const anchor = (text: string) => parseAnchor(Buffer.from(text), 'anchor.yaml');
const ROOT = trustRootDigestOf(Buffer.from('{"a": 1}'));

describe('an anchor', () => {
  test('holds a policy to its digest, name, serial and trust root', async () => {
    const policy = await load(withKey('name: acme\nserial: 7'));
    const text = `name: acme\npolicy-sha256: ${policy.digest}\nmin-serial: 7\ntrust-root-sha256: ${ROOT.slice(7)}\n`;
    expect(() => checkAnchor(policy, ROOT, anchor(text))).not.toThrow();
    const json = JSON.stringify({ 'policy-sha256': policy.digest });
    expect(() => checkAnchor(policy, undefined, anchor(json))).not.toThrow();
  });

  test('names everything that differs, with both values', async () => {
    const policy = await load(withKey('name: acme\nserial: 7'));
    const other = `sha256:${'0'.repeat(64)}`;
    const pinned = anchor(`{ name: acme2, policy-sha256: "${other}", min-serial: 8, trust-root-sha256: "${other}" }`);
    const check = () => checkAnchor(policy, ROOT, pinned);
    expect(check).toThrow(expect.objectContaining({ code: 'policy', where: 'anchor.yaml' }));
    expect(check).toThrow("the policy's name is acme, and the anchor wants acme2");
    expect(check).toThrow(`the policy digest is ${policy.digest}, and the anchor wants ${other}`);
    expect(check).toThrow(`the trust root's digest is ${ROOT}, and the anchor wants ${other}`);
    expect(check).toThrow("the policy's serial is 7, and the anchor wants 8 at least");
  });

  test('wants a serial of a policy that has none', async () => {
    const policy = await load(withKey(''));
    const pinned = anchor(`{ policy-sha256: "${policy.digest}", min-serial: 0 }`);
    expect(() => checkAnchor(policy, undefined, pinned)).toThrow("the policy's serial is absent");
  });

  test.each([
    [
      'pins no policy',
      'name: acme',
      'anchor.yaml:1:1: exactly one of "policy-sha256", "signed-by" is needed; none is there, so it would pin nothing',
    ],
    ['is a list', '- a', 'anchor.yaml:1:1: found a list; allowed is a map of keys and values'],
    [
      'has an unknown key',
      'policy-sha265: x',
      'unknown key; allowed are name, policy-sha256, signed-by, min-serial, trust-root-sha256; did you mean "policy-sha256"?',
    ],
    ['has a digest of another shape', 'policy-sha256: ABC', 'anchor.yaml:1:16: policy-sha256: found "ABC"; allowed is "sha256:"'],
    ['has a key twice', 'name: a\nname: b', 'the key is there twice'],
    [
      'has a serial that is none',
      `policy-sha256: ${'0'.repeat(63)}a\nmin-serial: "8"`,
      'min-serial: found "8"; allowed is a whole number from 0',
    ],
  ])('is refused where it %s', (_what, text, message) => {
    expect(() => anchor(text)).toThrow(message);
  });

  test('by signature is refused until that is enforced', () => {
    expect(() => anchor('signed-by: security')).toThrow(
      expect.objectContaining({ code: 'not-enforced-yet', where: 'anchor.yaml:1:12' }),
    );
  });
});
