import { expect, test } from 'vitest';
import { secretHeader } from './secret-header.ts';

test('the value comes from the environment variable that is named', () => {
  expect(secretHeader('Authorization', 'TOKEN', { TOKEN: 'Bearer abc' })).toEqual({ authorization: 'Bearer abc' });
});

test.each([
  ['is not set', undefined],
  ['is empty', ''],
  ['has a line break', 'hunter2\r\nx-injected: 1'],
  ['ends in a line break', 'hunter2\n'],
  ['is not ASCII', 'hunter2é'],
])('a variable that %s is refused by its name, without its value', (_, value) => {
  const make = (): unknown => secretHeader('Authorization', 'TOKEN', { TOKEN: value });
  expect(make).toThrow(/TOKEN/);
  expect(make).not.toThrow(/hunter2/);
});

test('a header name that is none', () => {
  expect(() => secretHeader('a b', 'TOKEN', { TOKEN: 'x' })).toThrow(/name of the secret header/);
});
