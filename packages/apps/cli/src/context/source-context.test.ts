import { expect, test } from 'vitest';
import { webAddressOf } from './source-context.ts';

test.each([
  ['https://gitlab.example/acme/app.git', 'https://gitlab.example/acme/app'],
  ['https://oauth2:SECRET@gitlab.example:8443/acme/app.git', 'https://gitlab.example:8443/acme/app'],
  ['https://SECRET@gitlab.example/acme/app', 'https://gitlab.example/acme/app'],
  ['https://gitlab.example/acme/app?private_token=SECRET#SECRET', 'https://gitlab.example/acme/app'],
  ['ssh://git:SECRET@gitlab.example:2222/acme/app.git', 'https://gitlab.example/acme/app'],
  ['git@gitlab.example:acme/app.git', 'https://gitlab.example/acme/app'],
  ['gitlab.example:acme/app.git', 'https://gitlab.example/acme/app'],
])('of the remote %s only host and path are stated', (remote, stated) => {
  expect(webAddressOf(remote)).toBe(stated);
});

test.each([
  'oauth2:SECRET@gitlab.example:acme/app.git',
  'SECRET@gitlab.example:acme/app.git',
  'user:SECRET@gitlab.example/acme/app',
  'x::https://u:SECRET@gitlab.example/p',
  'codecommit::eu://u:SECRET@repository',
  'ext::sh -c SECRET',
  '/home/someone/SECRET',
  'file:///home/someone/app',
])('the remote %s has no web address, and is not stated', (remote) => {
  expect(webAddressOf(remote)).toBeUndefined();
});
