import { expect, test } from 'vitest';
import { askingEnvironment, canAsk } from './asking.ts';

const required = (environment: Record<string, string>, terminal: boolean): string | undefined =>
  askingEnvironment(environment, terminal)['SSH_ASKPASS_REQUIRE'];

test('at a terminal ssh-keygen asks there, unless the user has a program that asks', () => {
  expect(required({ DISPLAY: ':0' }, true)).toBe('never');
  expect(required({ DISPLAY: ':0', SSH_ASKPASS: '/usr/bin/ask' }, true)).toBeUndefined();
  expect(required({ SSH_ASKPASS_REQUIRE: 'prefer' }, true)).toBe('prefer');
});

test('without a terminal it never reads what it asks for from the message', () => {
  for (const environment of [{}, { SSH_ASKPASS_REQUIRE: 'never' }, { SSH_ASKPASS: '/usr/bin/ask' }]) {
    expect(required(environment, false)).toBe('force');
  }
});

test('somebody can be asked at a terminal or by a program', () => {
  expect([canAsk({}, true), canAsk({ SSH_ASKPASS: '/x' }, false), canAsk({}, false), canAsk({ SSH_ASKPASS: '' }, false)]).toEqual(
    [true, true, false, false],
  );
});
