import { drillSubject } from '../drill/run-drill.ts';
import { SCENARIOS } from '../drill/scenarios/list.ts';
import { chooseSubjects } from '../drill/subjects.ts';
import { openPolicy } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import { printNote } from '../print-lines.ts';

export async function drill(names: string[], options: any, { signal }: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const subjects = chooseSubjects(open.policy, options);
  for (const subject of subjects) {
    const report = await drillSubject(open.policy, subject, SCENARIOS, { signal, note: printNote });
    console.log(JSON.stringify(report, undefined, 1));
  }
  return 0;
}
