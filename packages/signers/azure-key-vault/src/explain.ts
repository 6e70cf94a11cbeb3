import { type Environment, type ErrorCode, SignwrightError } from '@signwright/signing-core';
import type { Failure } from '@signwright/transport';
import { type AzureFailure, failureOf } from './failure.ts';

/** The permission of an access policy, under `keys/`. */
export type Action = 'get' | 'sign';

type Told = readonly [ErrorCode, problem: string, next: string];

/** What Azure's roles call the same. */
const DATA_ACTION = { get: 'Microsoft.KeyVault/vaults/keys/read', sign: 'Microsoft.KeyVault/vaults/keys/sign/action' } as const;
const UNTRUSTED = /CERT|^ERR_TLS_|SELF_SIGNED|LEAF_SIGNATURE/;
/** A client assertion or a secret that has run out, as Entra calls them: others will come. */
const EXPIRED = /^AADSTS(700024|7000222|50173|500133)$/;

/**
 * What Key Vault's or Entra's refusal means: its statuses and codes, as "Azure Key Vault REST API error codes" has them. Nothing they
 * wrote is shown but codes and the ids of who asked.
 *
 * @param where the key's reference.
 */
export function explain(error: unknown, action: Action, where: string, environment: Environment): Failure {
  const failure = failureOf(error);
  const again = !failure.signIn && (failure.status === 429 || (failure.status ?? 0) >= 500);
  const [code, problem, next] = failure.signIn ? signInFailed(failure, environment) : refusal(failure, action);
  const named = [failure.status, failure.code, failure.inner].filter((one) => one !== undefined && one !== '').join(' ');
  return {
    again,
    error: new SignwrightError(code, `Azure Key Vault cannot be used: ${problem} (${named})`, { where, next }),
    ...(failure.afterMs === undefined ? {} : { afterMs: failure.afterMs }),
  };
}

function refusal(failure: AzureFailure, action: Action): Told {
  const { status, code, inner, text } = failure;
  if (status === undefined) return notAnswered(code, text);
  if (status === 429)
    return ['unreachable', 'it is throttled: too many requests', 'run again later, or raise its service limits'];
  if (status >= 500) return ['unreachable', 'it is broken', 'run again later'];
  if (status >= 300 && status < 400) return ['configuration', 'it refers to another address', 'check the host in the reference'];
  if (status === 404)
    return ['configuration', 'there is no such key', 'check vault, key and version in the reference; it may be soft-deleted'];
  if (status === 401) return notAccepted(failure);
  if (status === 403) return forbidden(inner, text, action);
  if (/incompatible|algorithm|invalid length/i.test(text))
    return ['configuration', 'the key cannot sign by this algorithm', 'use EC P-256 (ES256), EC P-384 (ES384) or RSA (RS256)'];
  return ['configuration', `it refuses to ${action} the key`, 'look the code up in the documentation of Key Vault'];
}

function notAnswered(code: string, text: string): Told {
  if (/challenge|must use HTTPS/i.test(text))
    return [
      'configuration',
      'what answers asks for a token of another domain than its own',
      'check the host in the reference: VAULT.vault.azure.net',
    ];
  if (/expired at|can't be used before/.test(text))
    return ['configuration', 'the key is not active any more', 'rotate it, or change its dates'];
  if (/cannot be read/.test(text))
    return ['invalid-input', 'its answer cannot be read', 'check that it is Azure Key Vault that answers there'];
  if (UNTRUSTED.test(code))
    return ['configuration', 'its certificate is not trusted', 'check the host; NODE_EXTRA_CA_CERTS adds an authority'];
  if (code === 'ENOTFOUND')
    return ['unreachable', 'its host has no address', 'check the name of the vault and DNS, then run again'];
  return ['unreachable', 'it was not reached', 'check that it is reached from here, then run again'];
}

function notAccepted({ text }: AzureFailure): Told {
  if (/expired/i.test(text)) return ['configuration', 'the token has expired', 'get new credentials, then run again'];
  return [
    'configuration',
    'it does not accept the token of this identity',
    "check that the identity is of the vault's tenant (AZURE_TENANT_ID)",
  ];
}

function forbidden(inner: string, text: string, action: Action): Told {
  if (inner === 'KeyDisabled' || /disabled key/i.test(text))
    return ['configuration', 'the key is disabled', 'enable it, or name another version'];
  if (inner === 'KeyExpired' || inner === 'KeyNotYetValid')
    return ['configuration', 'the key is not active', 'rotate it, or change its dates'];
  if (inner === 'ForbiddenByFirewall' || inner === 'ForbiddenByConnection')
    return [
      'configuration',
      'its firewall does not let this machine in',
      'add the network to the firewall of the vault, or use a private endpoint',
    ];
  return [
    'configuration',
    `${callerIn(text)} may not ${action} it`,
    `grant the role "Key Vault Crypto User" (of a Managed HSM: "Managed HSM Crypto User") on the key (${DATA_ACTION[action]}), or keys/${action} where the vault has access policies`,
  ];
}

/** Who Azure says has asked. */
function callerIn(text: string): string {
  const ids = ['appid', 'oid'].flatMap((name) => {
    const id = new RegExp(`\\b${name}=([0-9a-fA-F-]{36})\\b`).exec(text)?.[1];
    return id === undefined ? [] : [`${name} ${id}`];
  });
  return ids.length === 0 ? 'this identity' : `the identity ${ids.join(', ')}`;
}

function signInFailed({ code, status, text }: AzureFailure, environment: Environment): Told {
  const client = environment['AZURE_CLIENT_ID'] ?? environment['AZURESUBSCRIPTION_CLIENT_ID'] ?? '';
  const who = /^[0-9a-fA-F-]{36}$/.test(client) ? `the identity ${client}` : 'this identity';
  if (EXPIRED.test(code)) return ['configuration', `the credentials of ${who} have expired`, 'get new ones, then run again'];
  if (status === 429 || (status ?? 0) >= 500 || /endpoints_resolution_error|network_error|ENOTFOUND|ECONNREFUSED/.test(text))
    return [
      'unreachable',
      'Microsoft Entra, which issues its tokens, did not answer',
      'check that login.microsoftonline.com is reached from here, then run again',
    ];
  if (code.startsWith('AADSTS') || status !== undefined)
    return [
      'configuration',
      `Microsoft Entra gives ${who} no token`,
      'look the code up; check AZURE_TENANT_ID, AZURE_CLIENT_ID and the federated credential of the application',
    ];
  return [
    'configuration',
    'there are no credentials',
    'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET, or run where there is a managed identity',
  ];
}
