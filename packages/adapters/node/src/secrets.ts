import type { Inputs } from './inputs.ts';

const NAMED_SO = /(^|_)((ACCESS)?TOKEN|SECRET|SECRET_ACCESS_KEY|SECRET_KEY|PASSWORD|PASSPHRASE|PIN|API_KEY)$/i;
/** Up to the first `@` of the authority, and up to the last, for a password may have a slash or an `@` in it. */
const IN_A_URL = [/\/\/([^/@\s]+)@/g, /\/\/(\S+)@/g];
/** Variables that say what an input may say too. */
const LIKE_INPUTS = ['SIGNWRIGHT_POLICY', 'SIGNWRIGHT_ANCHOR'];
/** What is shorter, and not called a secret by the inputs, is a word of its own: masking it would black out the log. */
const SHORTEST = 6;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What must never be read in a log: the passphrase whose variable the inputs name, variables that are named like secrets, and
 * what stands for a password in addresses of the inputs and of SIGNWRIGHT_POLICY. A line each, for platforms mask by the line.
 */
export function secretsOf(inputs: Inputs, environment: Environment): readonly string[] {
  const passphrase = environment[inputs['passphrase-env'] ?? ''] ?? '';
  const named = Object.entries(environment).flatMap(([name, value = '']) => (NAMED_SO.test(name) ? [value] : []));
  const inUrls = [...Object.values(inputs), ...LIKE_INPUTS.map((name) => environment[name] ?? '')].flatMap(secretsInUrls);
  const lines = (text: string): string[] => text.split(/[\r\n]+/).map((line) => line.trim());
  const long = [...named, ...inUrls].flatMap(lines).filter((line) => line.length >= SHORTEST);
  return [...new Set([...lines(passphrase), ...long])].filter((line) => line !== '');
}

/** The password of an address, or the user where it stands alone, as tokens do. */
function secretsInUrls(text: string): string[] {
  const users = IN_A_URL.flatMap((pattern) => [...text.matchAll(pattern)].map(([, user = '']) => user));
  return users.flatMap((user) => {
    const [, name = '', password = ''] = /^([^:]*):?(.*)$/.exec(user) ?? [];
    return password === '' || password === 'x-oauth-basic' ? [name] : [password];
  });
}
