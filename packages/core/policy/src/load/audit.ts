import type { LogRule } from '@signwright/signing-core';
import type { LogKey, PolicyFile } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { AuditDefinition, NotifyDefinition } from '../policy.ts';
import { secondsOf } from '../values/duration.ts';
import { optionalInstant } from '../values/instant.ts';
import { isUrl } from '../values/is-url.ts';
import { join } from './referred-files.ts';
import { inDirectory, isPath } from './signers.ts';

/** The audit log a layer defines. */
export function auditOf(content: PolicyFile, source: Source, directory: string): AuditDefinition | undefined {
  const { audit } = content;
  if (audit === undefined) return undefined;
  const { lock, retain, 'max-age': maxAge } = audit;
  return {
    where: whereOf(source, ['audit']),
    log: isUrl(audit.log) ? audit.log : inDirectory(directory, audit.log),
    rule: logRuleOf(audit),
    privateKeys: privateKeysOf(audit, directory),
    persistent: audit.persistent ?? false,
    ...(lock === undefined || retain === undefined ? {} : { lock: { mode: lock, seconds: secondsOf(retain) } }),
    ...(maxAge === undefined ? {} : { maxAge: secondsOf(maxAge) }),
  };
}

/** Where the private key of each of the log's keys is, as far as the policy says it. */
function privateKeysOf(audit: NonNullable<PolicyFile['audit']>, directory: string): ReadonlyMap<string, string> {
  const here = (ref: string): string => (isPath(ref) && !ref.startsWith('/') ? join(directory, ref) : ref);
  return new Map(
    (audit['verifier-keys'] ?? []).flatMap((written) => {
      const ref = (typeof written === 'string' ? undefined : written.ref) ?? audit.key;
      return ref === undefined ? [] : [[verifierKeyIn(written), here(ref)] as const];
    }),
  );
}

/** The verifier key of one of a log's keys, whichever way it is written. */
export function verifierKeyIn(written: LogKey): string {
  return typeof written === 'string' ? written : written.key;
}

/** Which records and cosignatures a log's section asks for. */
function logRuleOf(audit: NonNullable<PolicyFile['audit']>): LogRule {
  const witnesses = (audit.witnesses ?? []).map(({ key }) => key);
  const keys = audit['verifier-keys'] ?? [];
  const spans = keys.flatMap((written) => {
    if (typeof written === 'string' || (written.from === undefined && written.until === undefined)) return [];
    return [[written.key, { ...optionalInstant('from', written.from), ...optionalInstant('until', written.until) }] as const];
  });
  return {
    keys: keys.map(verifierKeyIn),
    ...(spans.length === 0 ? {} : { spans: Object.fromEntries(spans) }),
    witnesses,
    count: audit['witness-count'] ?? witnesses.length,
  };
}

/** Whom a layer wants told. */
export function notifyOf({ notify }: PolicyFile, source: Source): NotifyDefinition[] {
  return (notify ?? []).map((entry, index) => ({
    where: whereOf(source, ['notify', index]),
    webhook: entry.webhook,
    secretEnv: entry['secret-env'],
    allowPrivate: entry['allow-private'] ?? false,
    on: entry.on,
  }));
}
