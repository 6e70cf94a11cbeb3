import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeProvenance } from './write-provenance.ts';

const PAGE = readFileSync(new URL('../../../../../docs/attestations.md', import.meta.url), 'utf8');

test('the example of the documentation is what is written', () => {
  const example = JSON.parse(/```json\n([^`]*)```/.exec(PAGE)?.[1] ?? '') as unknown;
  const repository = 'https://gitlab.acme.example/acme/pay';
  const ref = 'refs/heads/main';
  const written = writeProvenance({
    builder: 'https://gitlab.acme.example',
    repository,
    ref,
    commit: 'b3a5d1e2c4f60718293a4b5c6d7e8f9001122334',
    certified: { repository, ref },
    requester: 'gitlab:1017',
    invocation: `${repository}/-/jobs/7`,
  });
  expect(written).toEqual(example);
});
