import type { JsonObject } from '@signwright/signing-core';
import { instant, type KeyNaming, list, object, type ReadKeyUse, text } from './key-use.ts';

/**
 * AWS CloudTrail (event version 1.08): the KMS operation `Sign`, by `eventSource`, `eventName`, `eventTime`, `eventID`, `errorCode`,
 * `requestParameters` (keyId, signingAlgorithm) and `resources`. No digest of what was signed is in it, and times are whole seconds.
 *
 * @param key the key's ARN, its id, or an alias as the requests name it.
 */
export const readCloudTrail: ReadKeyUse = (entry, key, fail) => {
  const [source, name] = [text(entry['eventSource']), text(entry['eventName'])];
  if (source === undefined || name === undefined) return fail('it has no eventSource and eventName');
  if (source !== 'kms.amazonaws.com' || name !== 'Sign') return undefined;
  const failed = text(entry['errorCode']) !== undefined;
  const names = namesOf(entry);
  // A call that was refused may name no key; a signature was never made by one.
  if (names.length === 0) return failed ? undefined : fail('it names no key');
  if (!names.some((one) => cloudTrailNaming.means(one, key))) return undefined;
  const identity = object(entry['userIdentity']);
  const by = text(identity['arn']) ?? text(identity['principalId']);
  const algorithm = text(object(entry['requestParameters'])['signingAlgorithm']);
  return {
    id: text(entry['eventID']) ?? fail('it has no eventID'),
    at: instant(entry['eventTime'], 'eventTime', fail),
    outcome: failed ? 'failed' : 'done',
    ...(by === undefined ? {} : { by }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
};

export const cloudTrailNaming: KeyNaming = {
  names: (entry) => (text(entry['eventSource']) === 'kms.amazonaws.com' ? namesOf(entry) : []),
  means: (name, key) => name === key || idOf(name) === idOf(key),
};

/** The key as the request and, where there are any, the resources name it. */
function namesOf(entry: JsonObject): string[] {
  const resources = list(entry['resources']).map((one) => text(object(one)['ARN']));
  return [text(object(entry['requestParameters'])['keyId']), ...resources].filter((one) => one !== undefined);
}

/** `…` of `arn:aws:kms:region:account:key/…`; ids are unique, and the keys of several regions that share one are one key. */
function idOf(name: string): string {
  return /^arn:[^:]*:kms:[^:]*:[^:]*:key\/(.+)$/.exec(name)?.[1] ?? name;
}
