import { expect, test } from 'vitest';
import { secretsOf } from './secrets.ts';

test('the passphrase that the inputs name is a secret, however short, each of its lines', () => {
  expect(secretsOf({ 'passphrase-env': 'KEY' }, { KEY: 'abc\r\n defg \n', OTHER: 'not secret' })).toEqual(['abc', 'defg']);
});

test('variables named like secrets are, unless they are too short to be one', () => {
  const environment = {
    GITHUB_TOKEN: 'ghs_123456',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUt',
    MY_PASSWORD: 'hunter22',
    A_TOKEN: 'true',
    TOKENS: 'x'.repeat(9),
  };
  expect(secretsOf({}, environment)).toEqual(['ghs_123456', 'wJalrXUt', 'hunter22']);
});

test('a password in an address is, and the rest of the address is not', () => {
  expect(secretsOf({ policy: 'https://ann:s3cr3t-word@git.example/p.git#main:a.yaml' }, {})).toEqual(['s3cr3t-word']);
  expect(secretsOf({ policy: 'https://git.example:8443/p.git' }, {})).toEqual([]);
});

test.each([
  ['https://ghp_0123456789@git.example/p.git#main:a.yaml', ['ghp_0123456789']],
  ['https://ghp_0123456789:@git.example/p.git', ['ghp_0123456789']],
  ['https://ghp_0123456789:x-oauth-basic@git.example/p.git', ['ghp_0123456789']],
  ['https://ann:pass/word@git.example/p.git', ['pass/word']],
  ['https://ann:p@ss@word/1@git.example/p.git', ['p@ss@word/1']],
  ['https://ann:password-1@a.example https://bob:password-2@b.example', ['password-1', 'password-2']],
  ['git@git.example:a/b.git', []],
])('in %s it is %j', (policy, secrets) => {
  expect(secretsOf({ policy }, {})).toEqual(secrets);
  expect(secretsOf({}, { SIGNWRIGHT_POLICY: policy })).toEqual(secrets);
});

test('two addresses without a blank between them hide neither password', () => {
  const secrets = secretsOf({ paths: 'https://ann:password-1@a.example,https://bob:password-2@b.example' }, {});
  expect(secrets).toEqual(expect.arrayContaining(['password-1', 'password-2']));
});
