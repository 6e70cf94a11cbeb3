import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { checkIsFile } from '../context/open-policy.ts';
import { originOfCheckout } from '../context/source-context.ts';
import { type Proposal, scan } from '../init/scan.ts';
import { writePolicy } from '../init/write-policy.ts';
import { printLines } from '../print-lines.ts';

export type InitOptions = { readonly scan?: true; readonly policy: string };

const TRIAL = '.signwright/trial';
const FIRST_RULE: Proposal = { match: 'dist/**', tier: 'internal', why: 'what the build leaves in dist' };

/** `signwright init`: a policy that works with a trial trust domain, with rules for what is here. */
export async function init({ scan: wantsScan, policy }: InitOptions): Promise<void> {
  checkIsFile(policy, 'it is written there');
  const proposals = wantsScan ? await scan(process.cwd()) : [];
  const identity = await trialIdentity(dirname(policy));
  const text = writePolicy({ trial: TRIAL, ...identity, rules: proposals.length > 0 ? proposals : [FIRST_RULE] });
  try {
    await writeFile(policy, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new SignwrightError('usage', 'there is a policy already, and it is left as it is', {
        where: policy,
        next: 'name another file with --policy',
      });
    }
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SignwrightError(missing ? 'usage' : 'unreachable', `the policy cannot be written: ${messageOf(cause)}`, {
      where: policy,
      next: missing ? 'make its directory first' : 'give this user write permission there, and space on the disk',
      cause,
    });
  }
  const next = existsSync(join(dirname(policy), TRIAL)) ? 'signwright plan' : 'signwright trust init --trial && signwright plan';
  printLines([
    `${policy} is written, with ${proposals.length > 1 ? `${proposals.length} rules` : 'one rule'}`,
    ...proposals.map(({ match, why }) => `  ${match}: ${why}`),
    `next: ${next}`,
  ]);
}

/** Who trial certificates name: the domain's identity where there is one, else what "trust init" would choose here. */
async function trialIdentity(directory: string): Promise<{ repository: string; ref: string }> {
  const { openTrialDomain } = await import('@signwright/certificates');
  try {
    const { repository, ref } = await (await openTrialDomain(join(directory, TRIAL))).claims();
    return { repository, ref };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
    return {
      repository: (await originOfCheckout()) ?? 'https://trial.signwright.invalid/example/project',
      ref: 'refs/heads/main',
    };
  }
}
