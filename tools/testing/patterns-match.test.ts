import { expect, test } from 'vitest';

test('a pattern in toMatchObject is matched, in errors and in what they nest', async () => {
  expect({ text: 'all is well', nested: { text: 'one' } }).toMatchObject({ text: /well$/, nested: { text: /o/ } });
  for (const wrong of [{ text: /bad/ }, { nested: { text: /two/ } }, { none: /x/ }])
    expect(() => expect({ text: 'all is well', nested: { text: 'one' } }).toMatchObject(wrong)).toThrow();
  await expect(Promise.reject(new Error('no'))).rejects.toMatchObject({ message: /no/ });
  expect(() => expect(new Error('no')).toMatchObject({ message: /yes/ })).toThrow();
});
