import {
  type ApprovalSource,
  checkCommits,
  checkRunCommit,
  isAbsent,
  type JsonObject,
  type PlatformApproval,
  runOf,
} from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Ask, type AzureDevopsOptions, BUILD, openAsk, WHAT, whereOf } from './ask.ts';

const SCOPE = 'Build (read)';
const MAX_APPROVALS = 100;

/**
 * What people decided on Azure DevOps: the approvals of a run of a pipeline (REST: Approvals – Query, 7.1) that guard the environment.
 * Its timeline names them (`Checkpoint.Approval`), and the checks of the checkpoint each belongs to say what it guards (REST: Check
 * Evaluations – Get). Whoever was passed over, or bypassed, decided nothing. Votes on pull requests are not read: Azure DevOps
 * does not tell which push they were given for.
 */
export function createAzureDevopsApprovals(options: AzureDevopsOptions): ApprovalSource {
  const where = whereOf(options);
  return {
    approvals: (about) =>
      understand(WHAT, where, async () => {
        checkCommits([about.commit]);
        const id = runOf(about, BUILD);
        const ask = openAsk(options);
        const build = await ask.get(`/build/builds/${id}?api-version=7.1`, SCOPE);
        checkRunCommit(about, ask.read.text(build['sourceVersion'], 'sourceVersion').toLowerCase(), where);
        const named = approvalsIn(ask, await ask.get(`/build/builds/${id}/timeline?api-version=7.1`, SCOPE));
        const guarding = await guardingOf(ask, named, about.environment);
        return { approvals: await decisionsOf(ask, guarding, addressOf(build)), answer: ask.digest() };
      }),
  };
}

type Named = { readonly approval: string; readonly checkpoint: string };

function approvalsIn({ read }: Ask, { records }: JsonObject): readonly Named[] {
  const named = read.list(records, 'records').flatMap((each): readonly Named[] => {
    const { type, id, parentId } = read.record(each, 'records[]');
    if (type !== 'Checkpoint.Approval') return [];
    return [{ approval: guidIn(read, id, 'records[].id'), checkpoint: guidIn(read, parentId, 'records[].parentId') }];
  });
  return named.length <= MAX_APPROVALS ? named : read.fail('records', `name more than ${MAX_APPROVALS} approvals`);
}

/** The approvals among them that are a check of the environment. */
async function guardingOf(ask: Ask, named: readonly Named[], environment: string): Promise<readonly string[]> {
  const { read } = ask;
  const guarded = new Map<string, boolean>();
  for (const checkpoint of new Set(named.map((each) => each.checkpoint))) {
    const suite = await ask.get(`/pipelines/checks/runs/${checkpoint}?api-version=7.1-preview.1`, SCOPE);
    for (const run of read.list(suite['checkRuns'], 'checkRuns')) {
      const { id, checkConfigurationRef: check } = read.record(run, 'checkRuns[]');
      const resource = read.record(check, 'checkConfigurationRef')['resource'];
      const { type, name } = isAbsent(resource) ? {} : read.record(resource, 'resource');
      guarded.set(guidIn(read, id, 'checkRuns[].id'), type === 'environment' && name === environment);
    }
  }
  const untold = named.find(({ approval }) => !guarded.has(approval));
  if (untold !== undefined) read.fail(`the approval ${untold.approval}`, 'is none of the checks of its checkpoint');
  return named.map(({ approval }) => approval).filter((approval) => guarded.get(approval));
}

async function decisionsOf(ask: Ask, ids: readonly string[], url: { url?: string }): Promise<readonly PlatformApproval[]> {
  if (ids.length === 0) return [];
  const { read } = ask;
  const query = `approvalIds=${ids.join(',')}&$expand=steps&api-version=7.1`;
  const { value } = await ask.get(`/pipelines/approvals?${query}`, SCOPE);
  const approvals = read.list(value, 'value').map((each) => read.record(each, 'value[]'));
  const missing = ids.find((id) => !approvals.some((each) => guidIn(read, each['id'], 'value[].id') === id));
  if (missing !== undefined) read.fail(`the approval ${missing}`, 'is not among those asked for');
  return approvals.flatMap((approval) =>
    read.list(approval['steps'], 'steps').flatMap((each): readonly PlatformApproval[] => {
      const { status, actualApprover: who, lastModifiedOn: at } = read.record(each, 'steps[]');
      if (status !== 'approved' && status !== 'rejected') return [];
      return [
        {
          account: ask.account(who, 'actualApprover'),
          decision: status === 'approved' ? 'approve' : 'reject',
          at: new Date(read.instant(at, 'lastModifiedOn')).toISOString(),
          means: 'pipeline',
          ...url,
        },
      ];
    }),
  );
}

function guidIn(read: Ask['read'], value: JsonObject[string] | undefined, path: string): string {
  const text = read.text(value, path).toLowerCase();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : read.fail(path, 'is not a GUID');
}

/** Where people see the build. */
function addressOf(build: JsonObject): { url?: string } {
  const href = (build['_links'] as { web?: { href?: unknown } } | null | undefined)?.web?.href;
  return typeof href === 'string' ? { url: href } : {};
}
