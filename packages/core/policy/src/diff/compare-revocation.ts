import type { PolicyFile } from '../generated/policy-file.ts';
import { secondsOf } from '../values/duration.ts';
import { type Difference, type Effect, same } from './change.ts';

type Revocation = NonNullable<NonNullable<PolicyFile['trust']>['revocation']>;
type Mode = Revocation['mode'];

const STRICTNESS: { readonly [mode in Mode]: number } = { off: 0, prefer: 1, require: 2 };

/** What each mode means, for people. */
const MEANS: { readonly [mode in Mode]: string } = {
  off: 'certificates are not checked for revocation',
  prefer: 'certificates that are known to be revoked are refused',
  require: 'certificates must be known not to be revoked',
};

/** Compares how two policies have certificates checked for revocation. */
export function compareRevocation(was: Revocation | undefined, is: Revocation | undefined): Difference[] {
  if (same(was, is)) return [];
  const [before, after] = [was?.mode ?? 'off', is?.mode ?? 'off'];
  const found = [
    ...compareModes(before, after),
    ...(was === undefined || is === undefined || before === 'off' || after === 'off' ? [] : compareAnswers(was, is)),
  ];
  return found.map((one) => ({ ...one, key: 'revocation' }));
}

function compareModes(before: Mode, after: Mode): Difference[] {
  if (before === after) return [];
  const effect = STRICTNESS[after] > STRICTNESS[before] ? 'stricter' : 'weaker';
  return [{ effect, text: `${MEANS[after]}; until now ${MEANS[before]}` }];
}

/**
 * Which answers count. With fewer of them a revocation may be missed; with more, where answers are required, something may be known to
 * be good that nobody knew before.
 */
function compareAnswers(was: Revocation, is: Revocation): Difference[] {
  const more: Effect = is.mode === 'require' ? 'weaker' : 'stricter';
  const [before, after] = [was.crls ?? [], is.crls ?? []];
  const [wasPrivate, isPrivate] = [was['allow-private'] ?? false, is['allow-private'] ?? false];
  return [
    ...compareAges(was['max-age'], is['max-age']),
    ...before
      .filter((place) => !after.includes(place))
      .map((place): Difference => ({ effect: 'weaker', text: `the CRL ${place} is not asked any more` })),
    ...after
      .filter((place) => !before.includes(place))
      .map((place): Difference => ({ effect: more, text: `the CRL ${place} is asked too` })),
    ...(wasPrivate === isPrivate
      ? []
      : [
          {
            effect: isPrivate ? more : 'weaker',
            text: `those who tell of revocation may ${isPrivate ? '' : 'not '}be in private networks`,
          } as const,
        ]),
  ];
}

function compareAges(was: string | undefined, is: string | undefined): Difference[] {
  const seconds = (age: string | undefined): number => (age === undefined ? Number.POSITIVE_INFINITY : secondsOf(age));
  if (seconds(was) === seconds(is)) return [];
  const words = (age: string | undefined): string => age ?? 'what they say themselves';
  const effect = seconds(is) < seconds(was) ? 'stricter' : 'weaker';
  return [{ effect, text: `how old an answer on revocation may be: ${words(is)} instead of ${words(was)}` }];
}
