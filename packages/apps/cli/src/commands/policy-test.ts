import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashFile, readBounded } from '@signwright/files';
import {
  checkResolution,
  checkVerdict,
  judgeArtifact,
  type PolicyCase,
  parseCases,
  refuseUnenforced,
  unenforcedInRun,
} from '@signwright/policy';
import { type CaseResult, renderCases } from '@signwright/report';
import { SignwrightError, type Verdict } from '@signwright/signing-core';
import { collectEvidence } from '../context/collect-evidence.ts';
import { openExistingEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import { whyNoDirectory } from '../context/open-store.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';

export type PolicyTestOptions = Partial<PolicyOptions> & { readonly output: 'text' | 'json' | 'junit' };

const MAX_CASES = 1024 * 1024;

/** `signwright policy test CASES`: holds a policy to what its users expect of it. */
export async function policyTest(file: string, options: PolicyTestOptions, { signal }: Run): Promise<number> {
  const parsed = parseCases(await readBounded(file, MAX_CASES, 'the file of cases'), file);
  const { policy: named = join(dirname(file), parsed.policy), anchor } = options;
  const open = await openPolicy({ policy: named, ...(anchor === undefined ? {} : { anchor }) }, new Date());
  const results: CaseResult[] = [];
  for (const one of parsed.cases) {
    if (signal.aborted) throw new SignwrightError('cancelled', 'stopped before every case was looked at');
    results.push({ name: one.name, where: one.where, failures: await failuresOf(one, open, dirname(file)) });
  }
  const policy = { file: open.file, digest: open.policy.digest };
  process.stdout.write(renderCases({ file, policy, results }, options.output));
  return results.every(({ failures }) => failures.length === 0) ? EXIT.allow : EXIT.deny;
}

/** A case whose file or evidence cannot be read proves nothing, whatever it expects. */
async function failuresOf(one: PolicyCase, open: OpenPolicy, directory: string): Promise<string[]> {
  try {
    const verdict = one.file === undefined ? undefined : await judge(one, join(directory, one.file), open, directory);
    return [...checkResolution(open.policy, one), ...(verdict === undefined ? [] : checkVerdict(verdict, one))];
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    return [`${error.where === undefined || error.message.includes(error.where) ? '' : `${error.where}: `}${error.message}`];
  }
}

async function judge(one: PolicyCase, file: string, open: OpenPolicy, directory: string): Promise<Verdict> {
  refuseUnenforced(unenforcedInRun(open.policy));
  const { digest } = await hashFile(file);
  const found = one.evidence === undefined ? none : await evidenceIn(join(directory, one.evidence), digest, open);
  if ('unreachable' in found && found.unreachable !== undefined) throw new SignwrightError('unreachable', found.unreachable);
  const { environment } = one;
  return judgeArtifact(
    open.policy,
    { name: one.artifact ?? one.file ?? '', digest, ...(environment === undefined ? {} : { environment }) },
    {
      verified: found.verified(digest),
      refused: found.refused(digest),
      ...('records' in found ? { records: found.records } : {}),
      at: one.at === undefined ? Date.now() : Date.parse(one.at),
      ...(one.at === undefined ? {} : { latest: Date.parse(one.at) }),
      moment: 'release',
      anchored: false,
    },
  );
}

const none = { verified: () => [], refused: () => [] } as const;

async function evidenceIn(place: string, digest: Verdict['artifact']['digest'], open: OpenPolicy) {
  const why = whyNoDirectory(place);
  if (why !== undefined) throw new SignwrightError('configuration', why);
  const files = await readdir(place, { recursive: true, withFileTypes: true });
  if (!files.some((entry) => entry.isFile()))
    throw new SignwrightError('configuration', `there is nothing in ${place}: leave "evidence" out where there is to be none`);
  return collectEvidence(await openExistingEvidence({ kind: 'directory', reference: place }), [digest], open);
}
