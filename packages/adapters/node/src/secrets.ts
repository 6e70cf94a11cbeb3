import type { Inputs } from './inputs.ts';

const NAMED_SO = /(^|_)((ACCESS)?TOKEN|SECRET|SECRET_ACCESS_KEY|SECRET_KEY|PASSWORD|PASSPHRASE|PIN|API_KEY)$/i;
const IN_A_URL = /\/\/[^/@\s:]*:([^/@\s]+)@/g;
/** What is shorter, and not called a secret by the inputs, is a word of its own: masking it would black out the log. */
const SHORTEST = 6;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What must never be read in a log: the passphrase whose variable the inputs name, variables that are named like secrets, and
 * passwords in addresses among the inputs. A line each, for platforms mask by the line.
 */
export function secretsOf(inputs: Inputs, environment: Environment): readonly string[] {
  const passphrase = environment[inputs['passphrase-env'] ?? ''] ?? '';
  const named = Object.entries(environment).flatMap(([name, value = '']) => (NAMED_SO.test(name) ? [value] : []));
  const inUrls = Object.values(inputs).flatMap((value) => [...value.matchAll(IN_A_URL)].map(([, password = '']) => password));
  const lines = (text: string): string[] => text.split(/[\r\n]+/).map((line) => line.trim());
  const long = [...named, ...inUrls].flatMap(lines).filter((line) => line.length >= SHORTEST);
  return [...new Set([...lines(passphrase), ...long])].filter((line) => line !== '');
}
