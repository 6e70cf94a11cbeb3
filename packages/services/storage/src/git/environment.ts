import { SignwrightError } from '@signwright/signing-core';

export type Environment = { readonly [name: string]: string | undefined };
export type Token = { readonly user: string; readonly secret: string };

/** What a user's own set-up of connections is made of; every other variable of git's (`GIT_DIR`, `GIT_INDEX_FILE`, …) stays outside. */
const KEPT = new Set([
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_CERT',
  'GIT_SSL_KEY',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_PROXY_SSL_CERT',
  'GIT_PROXY_SSL_KEY',
  'GIT_HTTP_PROXY_AUTHMETHOD',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_ASKPASS',
]);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET = /^[\x21-\x7e]{1,8192}$/;
const USER = /^[A-Za-z0-9_.@+-]{1,255}$/;
const MAX_CONFIG = 100;

/**
 * The token to log in with: from the variable named, else GitLab's job token where the address is on the server that runs the job.
 * `undefined`: git finds credentials itself (helpers, ssh agent).
 *
 * @throws SignwrightError `configuration` where the variable named holds none.
 */
export function findToken(url: string, environment: Environment, name?: string, user?: string): Token | undefined {
  const { protocol, origin } = new URL(url);
  if (name === undefined) {
    const secret = environment['CI_JOB_TOKEN'];
    if (secret === undefined || !isServerOfJob(origin, environment) || !SECRET.test(secret)) return undefined;
    return { user: 'gitlab-ci-token', secret };
  }
  if (!NAME.test(name)) throw unusable('the option that names the variable with the token is not the name of a variable');
  if (protocol !== 'https:' && protocol !== 'http:') throw unusable(`a token (in ${name}) is for https, not for ${protocol}`);
  const secret = environment[name];
  if (secret === undefined || secret === '') throw unusable(`the environment variable ${name} holds no token`);
  if (!SECRET.test(secret)) throw unusable(`the environment variable ${name} holds no token: it has blanks or line breaks in it`);
  const by = user ?? (name === 'CI_JOB_TOKEN' ? 'gitlab-ci-token' : 'x-access-token');
  if (!USER.test(by)) throw unusable('the name of the user of the token has characters that are not taken');
  return { user: by, secret };
}

function isServerOfJob(origin: string, environment: Environment): boolean {
  const server = environment['CI_SERVER_URL'];
  return server !== undefined && URL.canParse(server) && new URL(server).origin === origin && origin !== 'null';
}

/** What is written into `Authorization`. */
export function basicOf({ user, secret }: Token): string {
  return Buffer.from(`${user}:${secret}`).toString('base64');
}

/**
 * The environment of every git: the user's, less what would lead git elsewhere or make it ask. The token goes in as a header for
 * the repository's own server alone, as configuration by environment (git-config(1), GIT_CONFIG_COUNT): never argv, never a file.
 */
export function gitEnvironment(url: string, environment: Environment, token: Token | undefined): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (KEPT.has(name) || !/^GIT_/i.test(name))) kept[name] = value;
  }
  const { protocol, origin } = new URL(url);
  const config = usersConfig(environment);
  if (token !== undefined) {
    const header = `http.${origin}/.extraHeader`;
    // The empty value takes back headers of the user's own configuration: two would be one too many.
    config.push([header, ''], [header, `Authorization: Basic ${basicOf(token)}`]);
    kept['GIT_ASKPASS'] = '';
  }
  for (const [i, [key, value]] of config.entries()) {
    kept[`GIT_CONFIG_KEY_${i}`] = key;
    kept[`GIT_CONFIG_VALUE_${i}`] = value;
  }
  return {
    GIT_ASKPASS: '',
    ...kept,
    GIT_CONFIG_COUNT: String(config.length),
    // A user's own url.X.insteadOf may turn https into ssh.
    GIT_ALLOW_PROTOCOL: protocol === 'https:' ? 'https:ssh' : protocol.slice(0, -1),
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GCM_INTERACTIVE: 'never',
    LC_ALL: 'C',
    LANGUAGE: '',
  };
}

function usersConfig(environment: Environment): [string, string][] {
  const count = Math.min(Number(environment['GIT_CONFIG_COUNT'] ?? 0) || 0, MAX_CONFIG);
  const config: [string, string][] = [];
  for (let i = 0; i < count; i++) {
    const key = environment[`GIT_CONFIG_KEY_${i}`];
    const value = environment[`GIT_CONFIG_VALUE_${i}`];
    if (key !== undefined && value !== undefined) config.push([key, value]);
  }
  return config;
}

function unusable(problem: string): SignwrightError {
  return new SignwrightError('configuration', problem, {
    next: 'set the variable to a token that may push to the branch, or leave the option out and let git find credentials',
  });
}
