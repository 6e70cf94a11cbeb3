import { type Verdict, worstOf } from '@signwright/signing-core';
import { safeJson } from '../escape/safe-json.ts';

/**
 * `{"version": 1, "result": …, "verdicts": [Verdict…]}`. `result` is the worst of the verdicts' own, observed ones included, and
 * `deny` where there is none. Within version 1 keys are only added.
 */
export function renderJson(verdicts: readonly Verdict[]): string {
  return safeJson({ version: 1, result: worstOf(verdicts.map(({ result }) => result)), verdicts: verdicts.map(pick) });
}

/** Only what is documented, in a fixed order. */
function pick(verdict: Verdict): Verdict {
  const { result, artifact, environment, moment, at, anchored, development, enforced } = verdict;
  const { policy, tiers, requirements, signedAs, unreviewed, outcomes } = verdict;
  return {
    result,
    artifact: { name: artifact.name, kind: artifact.kind, digest: artifact.digest },
    environment,
    moment,
    at,
    anchored,
    development,
    enforced,
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
    tiers,
    requirements,
    ...(signedAs === undefined ? {} : { signedAs }),
    ...(unreviewed === undefined ? {} : { unreviewed }),
    outcomes,
  };
}
