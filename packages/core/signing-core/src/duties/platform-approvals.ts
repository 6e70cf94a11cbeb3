import type { CiPlatform } from '../ci-job.ts';
import { isSha256 } from '../formats/digest.ts';
import { hasControlCharacter } from '../formats/glob.ts';
import { fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { ApprovalMeans, PlatformApproval, PlatformApprovals, RunReference } from '../ports/approval-source.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { platformAccount } from './platform-account.ts';
import { isCommit } from './run-reference.ts';

/** The predicate type of what a platform answered about approvals: a weaker kind than an approval somebody signed. */
export const PLATFORM_APPROVALS = 'https://signwright.dev/platform-approvals/v1';

/** What one platform answered about one commit and environment, as the workload that asked it says. */
export type CollectedApprovals = RunReference &
  PlatformApprovals & {
    readonly platform: CiPlatform;
    /** Which project was asked, as people name it there. */
    readonly project?: string;
  };

const WHAT = 'the platform approvals';
const FIELDS = ['platform', 'commit', 'environment', 'run', 'project', 'approvals', 'answer'];
const PLATFORMS: readonly CiPlatform[] = ['gitlab', 'github', 'azure-devops', 'jenkins'];
const MEANS: readonly ApprovalMeans[] = ['merge-request', 'deployment', 'input', 'environment', 'pipeline'];
const MAX_APPROVALS = 10_000;
const MAX_TEXT = 1024;

/**
 * Writes the statement, ready to be signed.
 *
 * @param subjects the artifacts it is for.
 * @throws SignwrightError `invalid-input` for what {@link readPlatformApprovals} would refuse.
 */
export function writePlatformApprovals(
  subjects: readonly { readonly name: string; readonly sha256: string }[],
  { platform, commit, environment, run, project, approvals, answer }: CollectedApprovals,
): Buffer {
  const predicate = {
    platform,
    commit,
    environment,
    ...(run === undefined ? {} : { run }),
    ...(project === undefined ? {} : { project }),
    approvals: approvals.map(({ account, ...said }): JsonObject => ({ account: account.id, ...said })),
    answer,
  };
  const other = approvals.findIndex(({ account }) => account.platform !== platform);
  if (other >= 0) fieldReader(WHAT).fail(`predicate.approvals[${other}].account`, `is not of ${platform}`);
  readPredicate(predicate);
  return writeStatement({ predicateType: PLATFORM_APPROVALS, subject: [...subjects], predicate });
}

/**
 * Reads what {@link writePlatformApprovals} makes.
 *
 * @throws SignwrightError `invalid-input` for another predicate type, and where a field is not what it must be.
 */
export function readPlatformApprovals({ predicateType, predicate }: Statement): CollectedApprovals {
  if (predicateType !== PLATFORM_APPROVALS) fieldReader(WHAT).fail('predicateType', `is not ${PLATFORM_APPROVALS}`);
  return readPredicate(predicate);
}

function readPredicate(predicate: Json): CollectedApprovals {
  const read = fieldReader(WHAT);
  const plain = (value: Json | undefined, path: string): string => {
    const text = read.text(value, path);
    if (text === '' || text.length > MAX_TEXT) read.fail(path, `must have 1 to ${MAX_TEXT} characters`);
    return hasControlCharacter(text) ? read.fail(path, 'has a line break or another control character') : text;
  };
  const oneOf = <T extends string>(value: Json | undefined, path: string, words: readonly T[]): T => {
    const text = read.text(value, path) as T;
    return words.includes(text) ? text : read.fail(path, `is not one of ${words.join(', ')}`);
  };
  const fields = read.object(predicate, 'predicate', FIELDS);
  const platform = oneOf(fields['platform'], 'predicate.platform', PLATFORMS);
  const commit = read.text(fields['commit'], 'predicate.commit');
  if (!isCommit(commit)) read.fail('predicate.commit', 'is not the full SHA of a commit in lower-case hex');
  const answer = read.text(fields['answer'], 'predicate.answer');
  if (!isSha256(answer)) return read.fail('predicate.answer', 'is not a SHA-256 digest');
  const list = read.list(fields['approvals'], 'predicate.approvals');
  if (list.length > MAX_APPROVALS) read.fail('predicate.approvals', `are more than ${MAX_APPROVALS}`);
  const approvals = list.map((value, index): PlatformApproval => {
    const path = `predicate.approvals[${index}]`;
    const entry = read.object(value, path, ['account', 'decision', 'at', 'means', 'url']);
    read.instant(entry['at'], `${path}.at`);
    return {
      account: accountAt(entry['account'], `${path}.account`),
      decision: oneOf(entry['decision'], `${path}.decision`, ['approve', 'reject']),
      at: entry['at'] as string,
      means: oneOf(entry['means'], `${path}.means`, MEANS),
      ...(entry['url'] === undefined ? {} : { url: addressAt(entry['url'], `${path}.url`) }),
    };
  });
  return {
    platform,
    commit,
    environment: plain(fields['environment'], 'predicate.environment'),
    ...(fields['run'] === undefined ? {} : { run: plain(fields['run'], 'predicate.run') }),
    ...(fields['project'] === undefined ? {} : { project: plain(fields['project'], 'predicate.project') }),
    approvals,
    answer,
  };

  function accountAt(value: Json | undefined, path: string): PlatformApproval['account'] {
    try {
      return platformAccount(platform, read.text(value, path));
    } catch {
      return read.fail(path, `is no id of an account of ${platform}`);
    }
  }

  function addressAt(value: Json, path: string): string {
    const text = plain(value, path);
    const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
    return url?.username === '' && url.password === '' ? text : read.fail(path, 'is no http(s) address without credentials');
  }
}
