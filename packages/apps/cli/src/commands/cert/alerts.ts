import type { CertificateEvent, DueAlert, Journal } from '@signwright/certificates';
import { safeJson } from '@signwright/report';
import { hexOf, inParallel, SignwrightError, sha256 } from '@signwright/signing-core';
import { ciWarning } from '../../certificates/ci-annotation.ts';
import { certificatesOf } from '../../certificates/definitions.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { tellOf } from '../../notify/tell.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertAlertsOptions = PolicyOptions & {
  readonly ci?: true;
  readonly dryRun?: true;
  readonly output: 'text' | 'json';
};

/** Certificates that are told of before it is written down: what a crash in between has told again. */
const CHUNK = 20;
const AT_ONCE = 4;

/**
 * `signwright cert alerts`: tells of certificates that end soon, each once for each threshold of the policy. It is written down only
 * once it was told, so after a crash, or by two that run at once, somebody may be told twice, by the same id; never not at all.
 *
 * @returns 0 where there is nothing new, 1 where there is, 3 where somebody could not be told.
 */
export async function certAlerts(options: CertAlertsOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const { alerts, where } = certificatesOf(open);
  if (alerts.length === 0) {
    throw new SignwrightError('policy', 'the policy does not say when to tell that certificates end', {
      where,
      next: 'add alerts: [30d, 7d, 1d] to certificates',
    });
  }
  const { journal, place } = await openInventory(open);
  const { dueAlerts, inventoryOf } = await import('@signwright/certificates');
  const { position, events } = await journal.read();
  if (position === 0) printNote(`nothing was ever written to the inventory ${place.reference}`);
  const now = Date.now();
  const due = dueAlerts(inventoryOf(events), alerts, now);
  print(due, options, now);
  if (options.dryRun) return due.length > 0 ? EXIT.deny : EXIT.allow;

  let untold = 0;
  for (let at = 0; at < due.length; at += CHUNK) {
    const some = due.slice(at, at + CHUNK);
    const told = await inParallel(some, AT_ONCE, async (alert) => ((await tell(open, alert)) ? [alert] : []));
    await writeDown(journal, told.flat());
    untold += some.length - told.flat().length;
    // Where nobody can be reached, to try with each of thousands would take hours.
    if (told.flat().length === 0) {
      untold += due.length - at - some.length;
      break;
    }
  }
  if (untold > 0) printNote(`of ${untold} not everybody could be told: run again, and they are told of once more`);
  if (untold > 0) return EXIT.inconclusive;
  return due.length > 0 ? EXIT.deny : EXIT.allow;
}

/** Tells whom the policy wants told. @returns whether they were. */
function tell(open: OpenPolicy, { entry, threshold }: DueAlert): Promise<boolean> {
  const { digest, serial, owner, purpose, environments, authority, issuer, profile, san, subject, notAfter } = entry;
  const { keyReference, requester } = entry;
  const { name, digest: policy } = open.policy;
  const said = { owner, purpose, environments, authority, issuer, profile, san, subject, keyReference, requester };
  const data = {
    policy: { ...(name === undefined ? {} : { name }), digest: policy },
    threshold,
    certificate: {
      digest,
      serial,
      notAfter,
      ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    },
  };
  return tellOf(open, 'expiring', data, printNote, `expiring_${hexOf(sha256(`${digest}/${threshold}`))}`);
}

/** Somebody else may have written it down meanwhile; then there is nothing to add. */
async function writeDown(journal: Journal, told: readonly DueAlert[]): Promise<void> {
  const { appendAll } = await import('@signwright/certificates');
  const at = new Date().toISOString();
  await appendAll(journal, ({ byDigest }) =>
    told.flatMap(({ entry: { digest }, threshold }): CertificateEvent[] =>
      byDigest(digest)?.alerted.some((before) => before <= threshold) ? [] : [{ type: 'alerted', at, digest, threshold }],
    ),
  );
}

function print(due: readonly DueAlert[], { ci, output }: CertAlertsOptions, now: number): void {
  if (ci) process.stdout.write(due.map((alert) => ciWarning(TITLE, lineOf(alert, now), process.env)).join(''));
  else if (output === 'json')
    process.stdout.write(
      safeJson({
        version: 1,
        alerts: due.map(({ entry, threshold }) => ({
          digest: entry.digest,
          serial: entry.serial,
          notAfter: entry.notAfter,
          threshold,
          owner: entry.owner,
          purpose: entry.purpose,
        })),
      }),
    );
  else printLines(due.length === 0 ? ['nothing new'] : due.map((alert) => lineOf(alert, now)));
}

const TITLE = 'a certificate ends soon';

function lineOf({ entry, threshold }: DueAlert, now: number): string {
  const { notAfter, owner, purpose, profile, san, subject, serial } = entry;
  const what = [purpose ?? profile, san ?? subject].filter((part) => part !== undefined && part !== '').join(', ');
  const left = durationText((Date.parse(notAfter) - now) / 1000);
  return `${what} (serial ${serial}) ends at ${notAfter}, in ${left} (threshold ${durationText(threshold)}); owner: ${owner ?? 'nobody'}`;
}

function durationText(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} days`;
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)} hours`;
  return `${Math.max(0, Math.floor(seconds / 60))} minutes`;
}
