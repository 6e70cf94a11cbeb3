import { instant, type KeyNaming, object, type ReadKeyUse, text } from './key-use.ts';

/**
 * Google Cloud Audit Logs (LogEntry with an AuditLog in `protoPayload`): the Cloud KMS method `AsymmetricSign`, by `timestamp`,
 * `insertId`, `protoPayload.serviceName`, `methodName`, `resourceName` and `status`. KMS writes these only where Data Access logs
 * are switched on.
 *
 * @param key `projects/…/cryptoKeys/…/cryptoKeyVersions/…`, or without the version for all of them.
 */
export const readGoogleAuditLog: ReadKeyUse = (entry, key, fail) => {
  if (text(entry['logName']) === undefined && entry['protoPayload'] === undefined)
    return fail('it has no logName and protoPayload');
  const payload = object(entry['protoPayload']);
  const method = text(payload['methodName']) ?? '';
  if (text(payload['serviceName']) !== 'cloudkms.googleapis.com' || !/(^|\.)AsymmetricSign$/.test(method)) return undefined;
  const name = text(payload['resourceName']) ?? fail('its protoPayload has no resourceName');
  if (!googleNaming.means(name, key)) return undefined;
  const code = object(payload['status'])['code'] ?? 0;
  if (typeof code !== 'number') return fail('its status has a code that is no number');
  const by = text(object(payload['authenticationInfo'])['principalEmail']);
  return {
    id: text(entry['insertId']) ?? fail('it has no insertId'),
    at: instant(entry['timestamp'], 'timestamp', fail),
    outcome: code === 0 ? 'done' : 'failed',
    ...(by === undefined ? {} : { by }),
  };
};

export const googleNaming: KeyNaming = {
  names(entry) {
    const payload = object(entry['protoPayload']);
    const name = text(payload['resourceName']);
    return name !== undefined && text(payload['serviceName']) === 'cloudkms.googleapis.com' ? [name] : [];
  },
  means: (name, key) => name === key || name.startsWith(`${key}/cryptoKeyVersions/`),
};
