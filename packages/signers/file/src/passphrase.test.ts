import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { passphraseFrom } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-passphrase-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function throughDescriptor(content: string): Promise<string> {
  const path = join(directory, 'passphrase');
  writeFileSync(path, content, { mode: 0o600 });
  const descriptor = openSync(path, 'r');
  try {
    return (await passphraseFrom({ descriptor }, {})()).toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}

describe('a passphrase', () => {
  it('is read from the environment variable that was named, as it is', async () => {
    const ask = passphraseFrom({ environmentVariable: 'SIGNING_PASSPHRASE' }, { SIGNING_PASSPHRASE: 'sword fish \n' });
    expect((await ask()).toString('utf8')).toBe('sword fish \n');
  });

  it('names the variable that is not set', async () => {
    await expect(passphraseFrom({ environmentVariable: 'SIGNING_PASSPHRASE' }, {})()).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('SIGNING_PASSPHRASE'),
    });
  });

  it('is read from a descriptor to its end, without the line break there', async () => {
    await expect(throughDescriptor('swörd fish\n')).resolves.toBe('swörd fish');
    await expect(throughDescriptor('swordfish\r\n')).resolves.toBe('swordfish');
    await expect(throughDescriptor('two\nlines\n\n')).resolves.toBe('two\nlines\n');
    await expect(throughDescriptor('')).resolves.toBe('');
  });

  it('is refused when it is longer than 1,024 bytes', async () => {
    await expect(throughDescriptor(`${'x'.repeat(1024)}\n`)).resolves.toHaveLength(1024);
    await expect(throughDescriptor('x'.repeat(1025))).rejects.toThrow(/longer than 1024/);
    await expect(throughDescriptor('x'.repeat(100_000))).rejects.toThrow(/longer than 1024/);
  });

  it('says so where the descriptor is not open', async () => {
    await expect(passphraseFrom({ descriptor: 987 }, {})()).rejects.toMatchObject({
      code: 'configuration',
      next: expect.stringContaining('987<'),
    });
  });

  it('comes from one place', () => {
    expect(() => passphraseFrom({}, {})).toThrow(/one place/);
    expect(() => passphraseFrom({ environmentVariable: 'A', descriptor: 3 }, {})).toThrow(/one place/);
  });
});
