import { expect, it } from 'vitest';
import { pinDiffers } from './release.ts';

const pin = { version: '1.2.3', sha256: 'a'.repeat(64) };

it('adapters name what is built where version and digest are the same', () => {
  expect(pinDiffers(pin, { ...pin })).toBeUndefined();
});

it.each([{ sha256: 'b'.repeat(64) }, { version: '1.2.4' }])('they do not where %o differs, and both are told', (change) => {
  const said = pinDiffers(pin, { ...pin, ...change });
  expect(said).toContain('1.2.3');
  expect(said).toContain(Object.values(change)[0]);
});
