import { createWorkspace, trialPolicy } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';

const POLICY = trialPolicy('  - { match: "dist/**", tier: internal }');

function named(count: number, content: (at: number) => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`dist/${at % 100}/module-${at}.js`, content(at)]));
}

describe('many files', () => {
  test('100,000 cost one signature, and are signed and verified as one release', async () => {
    const here = await createWorkspace({ policy: POLICY, files: named(100_000, (at) => `file ${at}`) });
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(here.evidence().size).toBe(1);
    const verify = await here.run(['verify']);
    expect(verify.status).toBe(0);
    expect(verify.stdout).toContain('100,000 artifacts: 100,000 allow');
    here.remove();
  }, 240_000);

  test('thousands of equal ones are signed, verified and refused in time', async () => {
    const here = await createWorkspace({ policy: POLICY, files: named(3000, () => '') });
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify', '--environment', 'production', '--quiet'])).toMatchObject({ status: 1 });
    here.write('signwright.yaml', trialPolicy('  - { match: "moved/**", tier: internal }'));
    const moved = await here.run(['verify', 'dist/0/module-0.js', '--name', 'moved/0']);
    expect(moved.status).toBe(1);
    here.remove();
  });
});
