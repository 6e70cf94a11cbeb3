import type { InventoryEntry } from '@signwright/certificates';
import { safeJson } from '@signwright/report';
import { REVOCATION_REASONS, type RevocationReason, SignwrightError } from '@signwright/signing-core';
import { openInventory } from '../../certificates/open-inventory.ts';
import { crlCommand, crlLine } from '../../certificates/publish-crl.ts';
import { isOurs, type Revoked, revokeCertificates, type ToRevoke } from '../../certificates/revoke.ts';
import { type RevocationTarget, selectCertificates } from '../../certificates/select-certificates.ts';
import { parseInstant } from '../../context/instant.ts';
import { type OpenPolicy, openPolicy } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { checkReason } from '../../people/check-reason.ts';
import { confirm } from '../../people/confirm.ts';
import { openIncidentPerson } from '../../people/incident-person.ts';
import type { PersonOptions } from '../../people/person-key.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertRevokeOptions = PersonOptions &
  RevocationTarget & {
    readonly output: 'text' | 'json';
    readonly policy: string;
    readonly anchor?: string;
    readonly evidence?: string;
    readonly reason: RevocationReason;
    readonly invalidFrom?: string;
    readonly why: string;
    readonly dryRun?: true;
    readonly out?: string;
    readonly yes?: true;
    readonly quiet?: true;
  };

/** Reasons an order may give: a CA does not hold certificates, nor take attribute authorities' back. */
export const REASONS: readonly RevocationReason[] = (Object.keys(REVOCATION_REASONS) as RevocationReason[]).filter(
  (reason) => reason !== 'certificateHold' && reason !== 'aACompromise' && reason !== 'cACompromise',
);

/** `signwright cert revoke`: as a person of the `incident` role, orders that certificates are revoked; the CRL says so at once. */
export async function certRevoke(options: CertRevokeOptions, run: Run): Promise<number> {
  checkReason(options.why);
  const invalidFrom = options.invalidFrom === undefined ? undefined : instantOf(options.invalidFrom);
  const open = await openPolicy(options, new Date());
  const person = await openIncidentPerson(open, options, run.signal);
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const { matched, before } = await selectCertificates(open, options, await openInventory(open));
  const entries = matched.filter((entry) => isWorse(entry, options.reason, invalidFrom));
  const plain = options.output === 'text';
  if (before > 0 || entries.length < matched.length)
    note(`left out: ${before + matched.length - entries.length} that were revoked before, for what is no better`);
  if (plain) printLines(linesOf(open, entries));
  if (entries.length === 0) {
    if (!plain) process.stdout.write(safeJson({ version: 1, certificates: [] }));
    else printLines(['nothing is to be revoked']);
    return EXIT.allow;
  }
  if (options.dryRun) {
    if (!plain) process.stdout.write(safeJson({ version: 1, dryRun: true, certificates: entries.map(jsonOf) }));
    else printLines([`dry run: ${entries.length} would be revoked (${options.reason}); nothing was signed`]);
    return EXIT.allow;
  }
  await confirm(
    `${person.person.id} (${person.where}): revoke ${entries.length} (${options.reason})?`,
    options.yes ?? false,
    run.signal,
  );
  const { reason, why, evidence, out, passphraseEnv, passphraseFd } = options;
  const wanted: ToRevoke = {
    entries,
    reason,
    why,
    person,
    note,
    ...(invalidFrom === undefined ? {} : { invalidFrom }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(out === undefined ? {} : { out }),
    ...(passphraseEnv === undefined ? {} : { passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
  };
  return report(await revokeCertificates(open, run, wanted), entries.length, plain);
}

/** A time from which on what was signed is bad: it has come. */
function instantOf(text: string): Date {
  const at = parseInstant(text, '--invalid-from');
  if (at <= Date.now()) return new Date(at);
  throw new SignwrightError('usage', `--invalid-from ${text} is still to come`, {
    next: 'say from when on the key was not safe',
  });
}

/** Whether the order would say more against a certificate than one before did. */
function isWorse({ revoked }: Pick<InventoryEntry, 'revoked'>, reason: RevocationReason, invalidFrom: Date | undefined): boolean {
  if (revoked === undefined) return true;
  const from = (at: string | undefined): number => (at === undefined ? Number.NEGATIVE_INFINITY : Date.parse(at));
  if (HARMLESS.has(revoked.reason)) return !HARMLESS.has(reason);
  return !HARMLESS.has(reason) && from(invalidFrom?.toISOString()) < from(revoked.invalidFrom);
}

const HARMLESS: ReadonlySet<RevocationReason> = new Set(['superseded', 'cessationOfOperation', 'affiliationChanged']);
const SHOWN = 50;

function linesOf(open: OpenPolicy, entries: readonly InventoryEntry[]): string[] {
  const more = entries.length > SHOWN ? [`… and ${entries.length - SHOWN} more`] : [];
  return [
    ...entries.slice(0, SHOWN).map((entry) => {
      const { authority, serial, san, requester, notAfter, issuer } = entry;
      const whose = [requester, san].filter((one) => one !== undefined).join(', ');
      const where = isOurs(open, entry) ? authority : `${authority ?? issuer}: to be revoked there too`;
      return `${serial} of ${where}${whose === '' ? '' : ` (${whose})`}${notAfter === '' ? '' : `, until ${notAfter}`}`;
    }),
    ...more,
  ];
}

function jsonOf({ authority, serial, digest, san, requester, notAfter }: InventoryEntry) {
  return {
    ...(authority === undefined ? {} : { authority }),
    serial,
    ...(digest === undefined ? {} : { digest }),
    ...(san === undefined ? {} : { san }),
    ...(requester === undefined ? {} : { requester }),
    ...(notAfter === '' ? {} : { notAfter }),
  };
}

/** Where a CRL could not be made here, the order stands, and the run is to be completed. */
function report({ order, crls, pending, elsewhere }: Revoked, count: number, plain: boolean): number {
  if (!plain) process.stdout.write(safeJson({ version: 1, order, revoked: count, crls, pending, elsewhere: elsewhere.length }));
  else
    printLines([
      `revoked: ${count}; evidence ${order}`,
      ...crls.map(crlLine),
      ...(elsewhere.length === 0
        ? []
        : [`${elsewhere.length} of other CAs: here they are known to be revoked; revoke them there too, for nobody else knows`]),
    ]);
  for (const { authority, why } of pending)
    printNote(`${authority}: no CRL was made here (${why})\n  → where its key is, at once: ${crlCommand(authority)}`);
  return pending.length === 0 ? EXIT.allow : EXIT.inconclusive;
}
