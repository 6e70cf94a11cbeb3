import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '@signwright/signing-core';
import { instant, type KeyNaming, object, type ReadKeyUse, text } from './key-use.ts';

/**
 * Azure Key Vault diagnostic logs (category `AuditEvent`): the operation `KeySign`, by `time`, `operationName`, `resultType` and
 * `properties` (id, requestUri, httpStatusCode, algorithm). Entries have no id of their own; their whole content stands for one.
 *
 * @param key `https://vault.vault.azure.net/keys/name/version`, or without the version for all of them.
 */
export const readAzureAuditEvent: ReadKeyUse = (entry, key, fail) => {
  const operation = text(entry['operationName']);
  if (operation === undefined || entry['time'] === undefined) return fail('it has no time and operationName');
  if (operation !== 'KeySign') return undefined;
  const properties = object(entry['properties']);
  const name = nameIn(properties);
  if (name === undefined) return fail('its properties name no key');
  if (!azureNaming.means(name, key)) return undefined;
  const by = callerOf(entry);
  const algorithm = text(properties['algorithm']);
  return {
    id: createHash('sha256').update(canonicalJson(entry)).digest('hex'),
    at: instant(entry['time'], 'time', fail),
    outcome: outcomeOf(entry, fail),
    ...(by === undefined ? {} : { by }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
};

export const azureNaming: KeyNaming = {
  names(entry) {
    const name = nameIn(object(entry['properties']));
    return name === undefined ? [] : [name];
  },
  means(name, key) {
    const [used, wanted] = [plain(name), plain(key)];
    return used === wanted || used.startsWith(`${wanted}/`);
  },
};

function nameIn(properties: JsonObject): string | undefined {
  return text(properties['id']) ?? text(properties['requestUri']);
}

function outcomeOf(entry: JsonObject, fail: (why: string) => never): 'done' | 'failed' {
  const status = object(entry['properties'])['httpStatusCode'];
  if (typeof status === 'number') return status >= 200 && status < 300 ? 'done' : 'failed';
  const result = text(entry['resultType']) ?? fail('it has no resultType and httpStatusCode');
  return result === 'Success' ? 'done' : 'failed';
}

/** A key's URL without what a request adds: names of vaults and keys know no case. */
function plain(url: string): string {
  return url
    .replace(/[?#].*$/, '')
    .replace(/\/sign$/i, '')
    .replace(/:443(?=\/)/, '')
    .replace(/\/+$/, '')
    .toLowerCase();
}

/** The application or the object id of the token's bearer; their mail address is no business of a log. */
function callerOf(entry: JsonObject): string | undefined {
  const claims = object(object(entry['identity'])['claim']);
  return text(claims['appid']) ?? text(claims['http://schemas.microsoft.com/identity/claims/objectidentifier']);
}
