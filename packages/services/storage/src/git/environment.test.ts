import { describe, expect, test } from 'vitest';
import { findToken, gitEnvironment } from './environment.ts';

const URL_ = 'https://git.acme.example/acme/app.git';
const JOB = { CI_SERVER_URL: 'https://git.acme.example', CI_JOB_TOKEN: 'job-secret' };

describe('the token', () => {
  test('comes from the variable that is named, with the user its server expects', () => {
    expect(findToken(URL_, { DEPLOY: 'secret' }, 'DEPLOY')).toEqual({ user: 'x-access-token', secret: 'secret' });
    expect(findToken(URL_, { DEPLOY: 'secret' }, 'DEPLOY', 'deployer')).toEqual({ user: 'deployer', secret: 'secret' });
    expect(findToken(URL_, { CI_JOB_TOKEN: 'secret' }, 'CI_JOB_TOKEN')?.user).toBe('gitlab-ci-token');
  });

  test('is the job token of its own accord on the server that runs the job, and on no other', () => {
    expect(findToken(URL_, JOB)).toEqual({ user: 'gitlab-ci-token', secret: 'job-secret' });
    expect(findToken('https://other.acme.example/app.git', JOB)).toBeUndefined();
    expect(findToken('https://git.acme.example:8443/app.git', JOB)).toBeUndefined();
    expect(findToken('ssh://git@git.acme.example/app.git', JOB)).toBeUndefined();
    expect(findToken(URL_, { CI_JOB_TOKEN: 'job-secret' })).toBeUndefined();
  });

  test.each([
    [{}, 'T', URL_],
    [{ T: '' }, 'T', URL_],
    [{ T: 'secret\r\nX: y' }, 'T', URL_],
    [{ T: 'secret' }, 'T=U', URL_],
    [{ T: 'secret' }, 'T', 'ssh://git@git.acme.example/a.git'],
  ])('that cannot be used is named by its variable alone (%#)', (environment, name, url) => {
    const message = expect.not.stringContaining('secret') as string;
    expect(() => findToken(url, environment, name)).toThrow(expect.objectContaining({ code: 'configuration', message }) as Error);
  });
});

describe('the environment of git', () => {
  const LEADING = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES'];
  const LOUD = ['GIT_TRACE', 'GIT_TRACE_CURL', 'GIT_CONFIG_PARAMETERS', 'GIT_SSL_NO_VERIFY', 'GIT_NAMESPACE', 'GIT_SHALLOW_FILE'];

  test.each([...LEADING, ...LOUD, 'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF'])('has no %s from outside', (name) => {
    expect(gitEnvironment(URL_, { [name]: '/elsewhere', PATH: '/bin' }, undefined)).not.toHaveProperty(name);
  });

  test('keeps what a user’s connections rest on, and asks nobody', () => {
    const users = {
      HOME: '/home/a',
      SSH_AUTH_SOCK: '/s',
      GIT_SSH_COMMAND: 'ssh -i k',
      GIT_SSL_CAINFO: '/ca',
      GIT_ASKPASS: '/ask',
    };
    const environment = gitEnvironment(URL_, users, undefined);
    expect(environment).toMatchObject(users);
    expect(environment['GIT_TERMINAL_PROMPT']).toBe('0');
    expect(gitEnvironment(URL_, {}, undefined)['GIT_ASKPASS']).toBe('');
  });

  test('keeps the user’s own configuration by environment, with the token for the repository’s server alone after it', () => {
    const users = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' };
    const environment = gitEnvironment(URL_, users, { user: 'u', secret: 'secret' });
    expect(environment).toMatchObject({ ...users, GIT_CONFIG_COUNT: '3' });
    expect(environment['GIT_CONFIG_KEY_2']).toBe('http.https://git.acme.example/.extraHeader');
    expect(environment['GIT_CONFIG_VALUE_2']).toBe(`Authorization: Basic ${Buffer.from('u:secret').toString('base64')}`);
    expect(Object.entries(environment).filter(([, value]) => value.includes('secret'))).toEqual([]);
  });

  test.each([
    ['file:///a.git', 'file'],
    ['ssh://git@h.example/a.git', 'ssh'],
    ['http://localhost/a.git', 'http'],
  ])('allows no other protocol than that of %s', (url, allowed) => {
    expect(gitEnvironment(url, { GIT_ALLOW_PROTOCOL: 'ext' }, undefined)['GIT_ALLOW_PROTOCOL']).toBe(allowed);
  });
});
