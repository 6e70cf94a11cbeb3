import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { expect, onTestFinished, test } from 'vitest';

const SECRET = 'glpat-SuperSecretToken123456';
const POLICY = trialPolicy('  - { match: "dist/**", tier: internal }');

async function workspace(policy: string): Promise<Workspace> {
  const at = await createWorkspace({ policy, files: { secret: SECRET } });
  onTestFinished(() => at.remove());
  return at;
}

test.each([
  ['the policy', (at: Workspace) => symlinkSync('../secret', at.path('project/signwright.yaml'))],
  [
    'its trust root',
    (at: Workspace) => {
      writeFileSync(at.path('project/signwright.yaml'), POLICY.replaceAll('.signwright/trial/trusted-root.json', 'root.json'));
      symlinkSync('../secret', at.path('project/root.json'));
    },
  ],
])('%s is not read through a link that leads out, and nothing of what is there is told', async (_, plant) => {
  const at = await workspace(POLICY);
  mkdirSync(at.path('project'));
  plant(at);
  const { status, stdout, stderr } = await at.run(['policy', 'check', 'project/signwright.yaml']);
  expect(status).toBe(2);
  expect(stderr).toContain('leads out of');
  expect(stdout + stderr).not.toContain('glpat');
});

test('a trust root that is no JSON is refused without a word of what is in it', async () => {
  const at = await workspace(POLICY.replaceAll('.signwright/trial/trusted-root.json', 'secret'));
  const { status, stdout, stderr } = await at.run(['policy', 'check']);
  expect(status).toBe(2);
  expect(stderr).toContain('is not JSON');
  expect(stdout + stderr).not.toContain('glpat');
});

test('a policy that is not there is named, with what to do', async () => {
  const at = await workspace(POLICY);
  const { status, stderr } = await at.run(['policy', 'check', 'sub/signwright.yaml']);
  expect(status).toBe(2);
  expect(stderr).toContain('there is no policy at sub/signwright.yaml');
  expect(stderr).toContain('signwright init');
});
