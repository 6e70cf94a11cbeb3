import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { profileNamed } from '../../certificates/definitions.ts';
import { type DeskOptions, openDesk } from '../../certificates/open-desk.ts';
import { isDue, type Renewal, renew, renewables } from '../../certificates/renew.ts';
import type { Run } from '../../context/run.ts';
import { EXIT, reportError } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertRenewOptions = DeskOptions & {
  readonly output: 'text' | 'json';
  readonly profile?: string;
  readonly all?: true;
  /** Seconds, at the most, that it waits before it begins. */
  readonly jitter?: number;
};

/** Unless told, where nobody watches. */
const JITTER = 600;

/**
 * `signwright cert renew`: renews what is held here and has passed two thirds of its life; safe from a scheduler, on many machines at
 * once.
 */
export async function certRenew(options: CertRenewOptions, run: Run): Promise<number> {
  if ((options.profile === undefined) === (options.all === undefined))
    throw new SignwrightError('usage', 'which certificates?', { next: 'give either --all, or one profile with --profile' });
  const desk = await openDesk(options, run);
  if (options.profile !== undefined) profileNamed(desk.open, options.profile);
  const { inventoryOf } = await import('@signwright/certificates');
  const found = await renewables(desk, inventoryOf((await desk.inventory.journal.read()).events), options.profile);
  const due = found.filter((one) => isDue(one, Date.now()));
  if (due.length > 0) await spread(options.jitter ?? (process.stdout.isTTY ? 0 : JITTER), run, desk.note);
  const renewals: Renewal[] = [];
  for (const one of due) {
    try {
      renewals.push(await renew(one, desk));
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
      renewals.push({ one, status: 'failed', error });
    }
  }
  return report(renewals, found.length, options);
}

/** Many machines with one timetable do not all ask at once. */
async function spread(most: number, { signal }: Run, note: (line: string) => void): Promise<void> {
  if (most <= 0) return;
  const seconds = randomInt(most * 1000) / 1000;
  note(`waits ${Math.round(seconds)} s, so that not all ask at once (--jitter 0 turns it off)`);
  await wait(seconds * 1000, undefined, { signal }).catch(() => {
    throw new SignwrightError('cancelled', 'stopped before anything was renewed');
  });
}

/** Where nothing is held, nothing will ever be due: a scheduler that runs in another place than the jobs is told so. */
function nothingDue(found: number): string {
  if (found === 0) return 'nothing is held here, so nothing is due; a first certificate: signwright cert issue --profile PROFILE';
  return found === 1 ? 'the certificate here is not due' : `none of the ${found} certificates here is due`;
}

function report(renewals: readonly Renewal[], found: number, { output }: CertRenewOptions): number {
  if (output === 'json') process.stdout.write(safeJson({ version: 1, held: found, due: renewals.map(jsonOf) }));
  else if (renewals.length === 0) printLines([nothingDue(found)]);
  let worst: number = EXIT.allow;
  for (const renewal of renewals) {
    const { id } = renewal.one.profile;
    if (renewal.status === 'failed') {
      printNote(`${id}: not renewed, and valid until ${new Date(renewal.one.notAfter).toISOString()}`);
      worst = worse(worst, reportError(renewal.error));
    } else if (renewal.status === 'person') {
      worst = worse(worst, EXIT.pending);
      printNote(
        `${id}: is due, and people show a proof each time: signwright cert request --profile ${id} --new-key FILE --out FILE`,
      );
    } else if (output === 'text')
      printLines([renewal.status === 'renewed' ? `${id}: renewed until ${renewal.until}` : `${id}: left: ${renewal.why}`]);
  }
  return worst;
}

/** What was refused wants looking at before what could not be reached, and that before what a person has to do. */
const BY_WEIGHT: readonly number[] = [EXIT.allow, EXIT.pending, EXIT.inconclusive, EXIT.usage, EXIT.deny];

function worse(one: number, other: number): number {
  return BY_WEIGHT.indexOf(one) > BY_WEIGHT.indexOf(other) ? one : other;
}

function jsonOf({ one, ...came }: Renewal) {
  const { profile, directory, digest } = one;
  const about = { profile: profile.id, directory, digest, status: came.status };
  if (came.status === 'renewed') return { ...about, until: came.until };
  if (came.status === 'left') return { ...about, why: came.why };
  return came.status === 'failed' ? { ...about, code: came.error.code, why: came.error.message } : about;
}
