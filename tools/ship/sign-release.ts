import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyDirectory, run } from './steps.ts';
import { SUMS } from './sums.ts';

const TRIAL_POLICY = fileURLToPath(new URL('signwright.yaml', import.meta.url));
const REPOSITORY = 'https://trial.signwright.invalid/signwright/signwright';

/** By which policy a release is signed; without one it is a trial. */
export type ReleasePolicy = { readonly policy?: string; readonly anchor?: string; readonly environment?: string };

/** Signs the files of a release by the very command it holds, and checks them as users do. @throws Error where a step fails. */
export function signRelease(directory: string, names: readonly string[], told: ReleasePolicy): void {
  const signwright = (...args: string[]): void => run(process.execPath, [join(directory, 'signwright.cjs'), ...args], directory);
  const by = ['--policy', told.policy ?? makeTrial(`${directory}-trial`, directory), '--evidence', 'evidence'];
  if (told.anchor !== undefined) by.push('--anchor', told.anchor);
  if (told.environment !== undefined) by.push('--environment', told.environment);
  const inside = names.filter((name) => name === 'signwright.cjs' || name.endsWith('.tgz'));
  signwright('attest', 'sbom', ...inside, '--report', 'signwright.cdx.json', ...by);
  signwright('sign', ...names, SUMS, ...by);
  signwright('verify', ...names, SUMS, ...by);
  run('sha256sum', ['--check', '--strict', '--quiet', SUMS], directory);
}

/** A trial trust domain beside the release, never in it: its keys are there. @returns its policy. */
function makeTrial(home: string, directory: string): string {
  emptyDirectory(home);
  const policy = join(home, 'signwright.yaml');
  copyFileSync(TRIAL_POLICY, policy);
  run(process.execPath, [join(directory, 'signwright.cjs'), 'trust', 'init', '--trial', '--repository', REPOSITORY], home);
  return policy;
}
