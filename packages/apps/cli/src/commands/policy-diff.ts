import { type Change, diffPolicies, type Effect, type Policy } from '@signwright/policy';
import { safeJson } from '@signwright/report';
import { readPolicy } from '../context/open-policy.ts';
import { EXIT } from '../exit.ts';
import { printLines } from '../print-lines.ts';

/** `signwright policy diff OLD NEW`: what became weaker, stricter, or just different; 1 where something became weaker, or may have. */
export async function policyDiff(old: string, now: string, { output }: { readonly output: 'text' | 'json' }): Promise<number> {
  const [before, after] = [await readPolicy(old, new Date()), await readPolicy(now, new Date())];
  const changes = diffPolicies(before, after);
  const count = (effect: Effect): number => changes.filter((change) => change.effect === effect).length;
  if (output === 'json') {
    const policies = { old: described(old, before), new: described(now, after) };
    process.stdout.write(safeJson({ version: 1, ...policies, weaker: count('weaker'), stricter: count('stricter'), changes }));
  } else {
    const summed = `${count('weaker')} weaker, ${count('stricter')} stricter, ${count('different')} different`;
    printLines([
      ...EFFECTS.flatMap((effect) => linesOf(effect, changes)),
      changes.length === 0 ? 'the two are the same policy' : summed,
    ]);
  }
  return count('weaker') > 0 ? EXIT.deny : EXIT.allow;
}

const EFFECTS = ['weaker', 'stricter', 'different'] as const satisfies readonly Effect[];

function linesOf(wanted: Effect, changes: readonly Change[]): string[] {
  const some = changes.filter(({ effect }) => effect === wanted);
  if (some.length === 0) return [];
  return [
    wanted === 'weaker' ? 'weaker, or may be:' : `${wanted}:`,
    ...some.flatMap(({ about, text, old, new: now }) => [
      `  ${about}: ${text}`,
      ...(old === undefined && now === undefined ? [] : [`    ${old ?? 'not there'} → ${now ?? 'not there'}`]),
    ]),
  ];
}

function described(file: string, { name, serial, digest }: Policy): object {
  return { file, name, serial, digest };
}
