import type { LogRule } from '@signwright/signing-core';
import type { PolicyFile } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { AuditDefinition, NotifyDefinition } from '../policy.ts';
import { secondsOf } from '../values/duration.ts';
import { isUrl } from '../values/is-url.ts';
import { join } from './referred-files.ts';
import { inDirectory, isPath } from './signers.ts';

/** The audit log a layer defines. */
export function auditOf(content: PolicyFile, source: Source, directory: string): AuditDefinition | undefined {
  const { audit } = content;
  if (audit === undefined) return undefined;
  const { lock, retain, key, 'max-age': maxAge } = audit;
  return {
    where: whereOf(source, ['audit']),
    log: isUrl(audit.log) ? audit.log : inDirectory(directory, audit.log),
    rule: logRuleOf(audit),
    ...(key === undefined ? {} : { key: isPath(key) && !key.startsWith('/') ? join(directory, key) : key }),
    persistent: audit.persistent ?? false,
    ...(lock === undefined || retain === undefined ? {} : { lock: { mode: lock, seconds: secondsOf(retain) } }),
    ...(maxAge === undefined ? {} : { maxAge: secondsOf(maxAge) }),
  };
}

/** Which records and cosignatures a log's section asks for. */
function logRuleOf(audit: NonNullable<PolicyFile['audit']>): LogRule {
  const witnesses = (audit.witnesses ?? []).map(({ key }) => key);
  return { keys: audit['verifier-keys'] ?? [], witnesses, count: audit['witness-count'] ?? witnesses.length };
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
