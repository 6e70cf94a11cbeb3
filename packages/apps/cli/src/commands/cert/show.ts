import type { ListedCertificate } from '@signwright/certificates';
import { safeJson } from '@signwright/report';
import { findOne } from '../../certificates/find-one.ts';
import { noteUsage, openListing, type UsageOptions } from '../../certificates/open-listing.ts';
import type { PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { printLines } from '../../print-lines.ts';

export type CertShowOptions = PolicyOptions & UsageOptions & { readonly output: 'text' | 'json' };

/** `signwright cert show SERIAL|DIGEST|FILE`: all that is known of one certificate. */
export async function certShow(named: string, options: CertShowOptions, run: Run): Promise<number> {
  const listing = await openListing(options, run);
  const { certificateJson, listedOf } = await import('@signwright/certificates');
  const entry = await findOne(listing.inventory, named);
  const one = listedOf(entry, listing.now, listing.usage.read ? listing.usage.byDigest : undefined);
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, ...certificateJson(one) }));
  else printLines(linesOf(one));
  return noteUsage(listing, options);
}

function linesOf(one: ListedCertificate): string[] {
  const { usage, revoked, renewing, found, findings } = one;
  const rows: [string, string | undefined][] = [
    ['status', one.status],
    ['findings', findings.length === 0 ? undefined : findings.join(', ')],
    ['owner', one.owner ?? '(none)'],
    ['purpose', one.purpose ?? '(none)'],
    ['environments', one.environments?.join(', ')],
    ['valid', `${one.notBefore} to ${one.notAfter}`],
    ['issuer', one.issuer],
    ['authority', one.authority],
    ['profile', one.profile],
    ['serial', one.serial],
    ['digest', one.digest ?? '(no certificate is known)'],
    ['subject', one.subject],
    ['name', one.san],
    ['key', one.key],
    ['key reference', one.keyReference],
    ['asked by', one.requester],
    ['in job', one.job],
    ['granted on', one.proofs?.join(', ')],
    ['renews', one.renews],
    ['renewed by', one.renewedBy],
    ['being renewed', renewing && `by ${renewing.by} until ${renewing.until}`],
    ['revoked', revoked && `${revoked.at} by ${revoked.by}: ${revoked.reason}, ordered in ${revoked.order}`],
    ['invalid from', revoked?.invalidFrom],
    ['signatures', usage && `${usage.signatures}${usage.unaccounted === 0 ? '' : `, ${usage.unaccounted} intents unanswered`}`],
    ['last used', usage && [usage.last.at, usage.last.pipeline, usage.last.job].filter((part) => part !== undefined).join(' ')],
    ['known since', one.since],
    ...found.map(({ in: by, place }): [string, string] => ['found', place === undefined ? by : `${by}: ${place}`]),
    ['told of', one.alerted.length === 0 ? undefined : one.alerted.map((threshold) => `${threshold} s before`).join(', ')],
  ];
  return rows.flatMap(([name, text]) => (text === undefined || text === '' ? [] : [`${name.padEnd(14)} ${text}`]));
}
