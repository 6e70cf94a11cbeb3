import { randomUUID } from 'node:crypto';
import type { NotifyDefinition } from '@signwright/policy';
import { type Json, messageOf, type Notification, SignwrightError, type Verdict, worstOf } from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import type { StoredRequest } from '../context/collect-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Signers } from '../context/signers/create-signers.ts';

/** Artifacts a notification lists; it has 64 KiB at the most. */
const SHOWN = 50;

/** Tells whom the policy wants told how a run was decided. Who cannot be told changes nothing of the decision, and that is said. */
export async function tell(open: OpenPolicy, verdicts: readonly Verdict[], note: (line: string) => void): Promise<void> {
  const type = worstOf(verdicts.map(({ result }) => result));
  await tellOf(open, type, describe(open, verdicts), note);
}

/** Tells of signers that had to sign with something else than what comes first. */
export async function tellOfFallbacks(open: OpenPolicy, signers: Signers, note: (line: string) => void): Promise<void> {
  const fallen = [...open.policy.signers.values()].flatMap((definition) => {
    const unreached = signers.unreached(definition);
    return unreached.length === 0 ? [] : [{ signer: definition.id, unreached: unreached.map((one) => ({ ...one })) }];
  });
  if (fallen.length > 0) await tellOf(open, 'fallback', { ...policyOf(open), signers: fallen }, note);
}

/** Tells that people are asked to approve; whoever writes a request tells of it, and nobody again. */
export async function tellOfRequest(
  open: OpenPolicy,
  { id, request }: StoredRequest,
  note: (line: string) => void,
): Promise<void> {
  const { artifacts, environment, commit, requester } = request;
  const data = {
    ...policyOf(open),
    environment,
    moment: 'release',
    request: id,
    ...(commit === undefined ? {} : { commit }),
    ...(requester === undefined ? {} : { requester }),
    total: artifacts.length,
    artifacts: artifacts
      .slice(0, SHOWN)
      .map(({ name, kind, digest }) => ({ name, kind, digest, result: 'pending', reasons: [`signwright approve ${id}`] })),
  };
  await tellOf(open, 'pending', data, note);
}

/**
 * Tells of one thing that happened.
 *
 * @param id of what is told again where it is not known whether it was told.
 * @returns whether all were told who are to be; also where nobody is.
 */
export async function tellOf(
  { policy }: Pick<OpenPolicy, 'policy'>,
  type: string,
  data: Json,
  note: (line: string) => void,
  id: string = randomUUID(),
): Promise<boolean> {
  const wanted = policy.notify.filter(({ on }) => on.includes(type));
  let told = true;
  if (wanted.length === 0) return told;
  const event: Notification = { id, type, time: new Date().toISOString(), data };
  for (const one of wanted) {
    try {
      await post(one, event);
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      note(`${one.webhook} could not be told (${one.where}): ${messageOf(error)}`);
      told = false;
    }
  }
  return told;
}

async function post({ webhook, secretEnv, allowPrivate, where }: NotifyDefinition, event: Notification): Promise<void> {
  const secret = process.env[secretEnv];
  if (secret === undefined || secret === '') {
    throw new SignwrightError('configuration', `the environment variable ${secretEnv} with the webhook's secret is not set`, {
      where,
    });
  }
  const { createWebhookNotifier, readWebhookSecret } = await import('@signwright/notify');
  const notifier = createWebhookNotifier({
    url: webhook,
    secret: readWebhookSecret(secret, secretEnv),
    allowPrivate,
    clock: systemClock,
  });
  await notifier.notify(event);
}

function policyOf({ policy }: OpenPolicy): { readonly policy: Json } {
  return { policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest } };
}

function describe(open: OpenPolicy, verdicts: readonly Verdict[]): Json {
  return {
    ...policyOf(open),
    environment: verdicts[0]?.environment ?? 'default',
    moment: verdicts[0]?.moment ?? 'release',
    total: verdicts.length,
    artifacts: [...verdicts]
      .sort((a, b) => Number(a.result === 'allow') - Number(b.result === 'allow'))
      .slice(0, SHOWN)
      .map(({ artifact, result, outcomes }) => ({
        ...artifact,
        result,
        reasons: outcomes.filter(({ status }) => status !== 'met').map(({ message }) => message.slice(0, 300)),
      })),
  };
}
