import type { SignerDefinition } from '@signwright/policy';
import { messageOf, type Signer, SignwrightError, type Unreached } from '@signwright/signing-core';
import { printNote } from '../../print-lines.ts';
import type { OpenPolicy } from '../open-policy.ts';
import { type Choice, choicesOf, type SignersOptions } from './choices.ts';
import { checkMaySign } from './may-sign.ts';

/** The signers of one run: a short-lived certificate, or the first of a signer's keys that counts now and can be reached. */
export type Signers = {
  /**
   * Opens the signer the policy defines, or gives the one that is open, as long as its certificate is young. What comes first is
   * used; the next only where that cannot be reached.
   */
  of(definition: SignerDefinition): Promise<Signer>;
  /** What of a signer could not be reached so far in this run. */
  unreached(definition: SignerDefinition): readonly Unreached[];
  /** How many keys and CAs could not be reached so far. */
  lost(): number;
};

type Opened = { readonly signer: Promise<Signer>; readonly until: number };
type Lost = Map<Choice['reference'], Unreached>;

/** Short-lived certificates last ten minutes at the least; what is signed in the next ones must be timestamped within. */
const YOUNG_MS = 4 * 60 * 1000;

/** Each key is opened once a run. */
export function createSigners(open: OpenPolicy, options: SignersOptions): Signers {
  const choices = choicesOf(open, options);
  const opened = new Map<string, Opened>();
  const lost = new Map<string, Lost>();
  const refused = new Map<string, unknown>();

  async function openFirst(definition: SignerDefinition, unreached: Lost): Promise<Signer> {
    checkMaySign(definition, options.job);
    const all = choices(definition);
    if (all.length === 0) throw noneCounts(definition);
    for (const choice of all) {
      if (options.signal?.aborted) throw new SignwrightError('cancelled', 'stopped before anything was signed');
      if (unreached.has(choice.reference)) continue;
      try {
        return losing(definition.id, await choice.open(), choice, unreached);
      } catch (error) {
        if (isAnswer(error)) throw named(error, definition);
        lose(error, choice, unreached);
        const reached = `${choice.reference} could not be reached: ${messageOf(error)}`;
        if (choice !== all.at(-1)) printNote(`signer ${definition.id}: ${reached}; trying the next`);
      }
    }
    throw noneReached(definition, [...unreached.values()]);
  }

  /** A key that is lost while it signs is not used again in this run; after one that refused, no other is. */
  function losing(id: string, signer: Signer, choice: Choice, unreached: Lost): Signer {
    return {
      publicKey: () => signer.publicKey(),
      certificate: () => signer.certificate(),
      async sign(request) {
        const gone = unreached.get(choice.reference);
        if (gone) throw new SignwrightError('unreachable', gone.reason, { where: choice.reference });
        try {
          return await signer.sign(request);
        } catch (error) {
          if (isAnswer(error)) refused.set(id, refused.get(id) ?? error);
          lose(error, choice, unreached);
          opened.delete(id);
          throw error;
        }
      },
    };
  }

  return {
    of(definition) {
      const { id, certificate } = definition;
      if (refused.has(id)) throw refused.get(id);
      const known = opened.get(id);
      if (known && performance.now() < known.until) return known.signer;
      const unreached: Lost = lost.get(id) ?? new Map();
      lost.set(id, unreached);
      const signer = openFirst(definition, unreached);
      opened.set(id, { signer, until: certificate ? performance.now() + YOUNG_MS : Number.POSITIVE_INFINITY });
      return signer;
    },
    unreached: ({ id }) => [...(lost.get(id)?.values() ?? [])],
    lost: () => [...lost.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

/** An answer of a key with the signer's name before it. */
function named(error: unknown, { id, where }: SignerDefinition): unknown {
  if (!(error instanceof SignwrightError) || error.message.includes(`signer ${id}`)) return error;
  const place = error.where === undefined ? '' : `${error.where}: `;
  return new SignwrightError(error.code, `signer ${id}: ${place}${error.message}`, {
    where,
    ...(error.next === undefined ? {} : { next: error.next.replace('signer rotate SIGNER', `signer rotate ${id}`) }),
    cause: error,
  });
}

/** What a key said itself, in contrast to what kept it from being asked. */
function isAnswer(error: unknown): boolean {
  return !(error instanceof SignwrightError && (error.code === 'unreachable' || error.code === 'cancelled'));
}

/** Notes what could not be reached; everything else is an answer, and thrown. */
function lose(error: unknown, { reference }: Choice, unreached: Lost): void {
  if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
  unreached.set(reference, { reference, reason: error.message });
}

function noneCounts({ id, where }: SignerDefinition): SignwrightError {
  return new SignwrightError('configuration', `signer ${id} has no key that counts now`, {
    where,
    next: 'look at from, until and compromised-since of its keys',
  });
}

function noneReached({ id, where }: SignerDefinition, unreached: readonly Unreached[]): SignwrightError {
  const reasons = unreached.map(({ reference, reason }) => `${reference}: ${reason}`).join('; ');
  return new SignwrightError('unreachable', `signer ${id} could not be reached: ${reasons}`, {
    where,
    next: 'nothing was signed; run again when it can be reached from here ("signwright doctor" tries each)',
  });
}
