import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { editPolicy, writePolicy } from './edit-policy.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const POLICY = `# whom we ask
version: 1
name:   central      # as anchors call it
serial: 7

people:
    ann:                     # head of security
        gitlab: 17
        emails: [ann@acme.example,   "a@acme.example"]
    bob: { gitlab: 18 }      # since May

tiers: {}
artifacts:
    # everything
    - { match: "dist/**", sign: never }
`;

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'policy-edit-'));
  file = join(directory, 'signwright.yaml');
  writeFileSync(file, POLICY);
});
afterEach(() => rmSync(directory, { recursive: true }));

const edit = (edits: (document: Document.Parsed) => void) => editPolicy(file, edits, NOW);

describe('an edit of a policy', () => {
  test('changes the one line it is about and leaves every other byte as it was', async () => {
    const { text, lines, before, after } = await edit((document) => document.setIn(['people', 'bob', 'gitlab'], 19));
    expect(text).toBe(POLICY.replace('gitlab: 18', 'gitlab: 19'));
    expect(lines).toEqual(['-     bob: { gitlab: 18 }      # since May', '+     bob: { gitlab: 19 }      # since May']);
    expect([before.people.get('bob')?.accounts[0]?.id, after.people.get('bob')?.accounts[0]?.id]).toEqual(['18', '19']);
    expect(after.digest).not.toBe(before.digest);
    expect(readFileSync(file, 'utf8')).toBe(POLICY);
  });

  test('adds to a block at its own indentation, and to a list on one line within it', async () => {
    const { text } = await edit((document) => {
      document.setIn(['people', 'ann', 'jenkins'], 'ann');
      document.addIn(['people', 'ann', 'emails'], 'b@acme.example');
      document.addIn(['artifacts'], document.createNode({ match: 'maps/**', sign: 'never' }));
    });
    expect(text).toBe(
      POLICY.replace('"a@acme.example"]', '"a@acme.example", b@acme.example]\n        jenkins: ann').replace(
        'sign: never }\n',
        'sign: never }\n    - { match: maps/**, sign: never }\n',
      ),
    );
  });

  test('puts a new entry of a list where it belongs, before one that is changed with it', async () => {
    const { text } = await edit((document) => {
      const rules = document.getIn(['artifacts']) as { items: unknown[] };
      rules.items = [
        { match: 'maps/**', sign: 'never' },
        { match: 'out/**', sign: 'never' },
      ].map((rule) => document.createNode(rule));
    });
    expect(text).toContain(
      `artifacts:\n    # everything\n    - { match: maps/**, sign: never }\n    - { match: out/**, sign: never }\n`,
    );
  });

  test('that takes something out of a block is refused: the file would have to be laid out anew', async () => {
    await expect(edit((document) => document.deleteIn(['people', 'bob']))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/signwright\.yaml cannot be edited so/),
    });
  });

  test('that changes nothing has no lines and writes nothing', async () => {
    const edited = await edit((document) => document.setIn(['serial'], 7));
    expect(edited).toMatchObject({ lines: [], text: POLICY });
  });

  test('that would make no policy of it is refused, with the reason, and nothing is written', async () => {
    await expect(edit((document) => document.setIn(['people', 'bob', 'gitlab'], 17))).rejects.toMatchObject({
      code: 'policy',
      message: expect.stringMatching(/so edited[\s\S]*"ann"'s/),
    });
    expect(readFileSync(file, 'utf8')).toBe(POLICY);
  });

  test('is written only over what it was made from', async () => {
    const edited = await edit((document) => document.setIn(['serial'], 8));
    writeFileSync(file, `${POLICY}# somebody else\n`);
    await expect(writePolicy(edited)).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(file, 'utf8')).toBe(`${POLICY}# somebody else\n`);
    writeFileSync(file, POLICY);
    chmodSync(file, 0o640);
    const link = join(directory, 'link.yaml');
    symlinkSync(file, link);
    await writePolicy({ ...edited, file: link });
    expect(readFileSync(file, 'utf8')).toBe(POLICY.replace('serial: 7', 'serial: 8'));
    expect([lstatSync(link).isSymbolicLink(), statSync(file).mode & 0o777]).toEqual([true, 0o640]);
  });
});
