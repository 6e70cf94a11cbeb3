import { renderPlan } from '@signwright/report';
import { findArtifacts } from '../context/find-artifacts.ts';
import { evidencePlace } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { storeDirectories } from '../context/open-store.ts';
import { planRow } from '../context/plan-rows.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { wantsColor } from '../print-verdicts.ts';
import type { SharedOptions } from '../shared-options.ts';

export type PlanOptions = Omit<SharedOptions, 'output'> & {
  readonly output: 'text' | 'json' | 'markdown';
  readonly export?: 'csv';
};

/** `signwright plan`: what the policy says of each file. Reads names only: no key, no network, no bytes. */
export async function plan(paths: string[], options: PlanOptions, run: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const { files } = await findArtifacts(
    open.policy,
    paths,
    storeDirectories(open, evidencePlace(open, options.evidence)),
    run.signal,
  );
  const environment = options.environment === undefined ? {} : { environment: options.environment };
  const rows = files.map(({ name }) => planRow(open.policy, { name, ...environment }));
  run.watch?.plan(rows, open);
  process.stdout.write(renderPlan(rows, options.export ?? options.output, { color: wantsColor() }));
  return rows.some(({ status }) => status === 'unlisted' || status === 'environment-not-listed') ? EXIT.deny : EXIT.allow;
}
