import type { CiPlatform } from '../ci-job.ts';
import { SignwrightError } from '../error.ts';
import type { PlatformAccount } from '../ports/approval-source.ts';

/** The one form of an id on each platform; Kubernetes has no people. A Jenkins user id that is an e-mail address is none of ours. */
const FORMS: { readonly [platform in CiPlatform]: RegExp | undefined } = {
  gitlab: /^[1-9]\d{0,15}$/,
  github: /^[1-9]\d{0,15}$/,
  'azure-devops': /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  jenkins: /^[^\s@\p{C}\p{Z}]{1,255}$/u,
  kubernetes: undefined,
};

/**
 * An account by the id a platform gives it: a whole number or text.
 *
 * @throws SignwrightError `invalid-input` where it has another form than ids have there. The id is not repeated: it may be somebody's
 * e-mail address.
 */
export function platformAccount(platform: CiPlatform, id: unknown): PlatformAccount {
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id;
  if (typeof text === 'string' && FORMS[platform]?.test(text)) return { platform, id: text };
  throw new SignwrightError('invalid-input', `an account has an id that is none of ${platform}`);
}

/** The same accounts, each once, in the order they first appear. */
export function distinctAccounts(accounts: readonly PlatformAccount[]): readonly PlatformAccount[] {
  return [...new Map(accounts.map((account) => [`${account.platform}:${account.id}`, account])).values()];
}
