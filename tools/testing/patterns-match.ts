import { expect } from 'vitest';

// A pattern in the place of a text is matched against it. Without this, vitest compares a text with a RegExp in `toMatchObject` as two
// objects without keys, and finds them alike, whatever they are.
expect.addEqualityTesters([
  (actual: unknown, expected: unknown): boolean | undefined => {
    if (!(expected instanceof RegExp)) return undefined;
    return actual instanceof RegExp ? undefined : typeof actual === 'string' && new RegExp(expected).test(actual);
  },
]);
