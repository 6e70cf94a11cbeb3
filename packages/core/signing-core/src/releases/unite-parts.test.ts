import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kind } from '../artifact.ts';
import { type Sha256, sha256 } from '../formats/digest.ts';
import type { Verified } from '../verify-evidence.ts';
import { uniteParts } from './unite-parts.ts';

type Said = {
  readonly artifacts: { readonly [name: string]: string };
  readonly signer?: string;
  readonly repository?: string;
  readonly key?: string;
  readonly replaces?: readonly Sha256[];
  readonly kind?: Kind;
};

/** A part over artifacts by name and content; by a certificate for the repository, unless it is by a key. */
function part({ artifacts, signer = 'build', repository = 'acme/app', key, replaces, kind = 'file' }: Said): Verified {
  const named = Object.entries(artifacts).map(([name, content]) => ({
    name,
    kind,
    digest: sha256(content),
    requirements: sha256('demanded'),
  }));
  const identity = { san: repository, issuer: 'https://ci.example', claims: { repository } };
  return {
    evidence: sha256(JSON.stringify([artifacts, signer, repository, key, replaces, kind])),
    statement: { subject: [], predicateType: '', predicate: null },
    part: {
      artifacts: named,
      environment: 'default',
      signer,
      policy: { digest: sha256('policy') },
      source: { asserted: {} },
      release: { name: 'app', version: '1', ...(replaces === undefined ? {} : { replaces }) },
    },
    byDigest: new Map(),
    time: { at: 0, authority: 'CN=TSA', development: false },
    author: key === undefined ? { type: 'certificate', ...identity } : { type: 'key', keyId: key },
    development: false,
  };
}
const namesOf = (parts: readonly Verified[]): string[] => uniteParts(parts).artifacts.map(({ name }) => name);

describe('the parts of a release', () => {
  test('are one list of artifacts, each with the parts that name it', () => {
    const [linux, mac] = [
      part({ artifacts: { b: '1', a: '2' } }),
      part({ artifacts: { c: '3', a: '2' }, repository: 'acme/mac' }),
    ];
    const { artifacts, parts, conflicts } = uniteParts([linux, mac]);
    expect(artifacts.map((one) => [one.name, one.digest, one.parts.length])).toEqual([
      ['a', sha256('2'), 2],
      ['b', sha256('1'), 1],
      ['c', sha256('3'), 1],
    ]);
    expect(parts).toHaveLength(2);
    expect(conflicts).toEqual([]);
  });

  test.each<[string, Said, Said]>([
    ['other bytes', { artifacts: { a: '1' } }, { artifacts: { a: '2' } }],
    ['another kind', { artifacts: { a: '1' } }, { artifacts: { a: '1' }, kind: 'sbom' }],
    ['a name that differs in case alone', { artifacts: { a: '1' } }, { artifacts: { A: '1' } }],
  ])('conflict where one name has %s, whoever signed it', (_what, first, second) => {
    const parts = [part(first), part(second)];
    const { artifacts, conflicts } = uniteParts(parts);
    expect(artifacts).toEqual([]);
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]?.message).toContain('do not agree on');
    expect(conflicts[0]?.evidence).toEqual(parts.map(({ evidence }) => evidence).sort());
  });

  test('in any order are the same', () => {
    const all = [
      part({ artifacts: { a: '1', b: '1' } }),
      part({ artifacts: { a: '2' } }),
      part({ artifacts: { c: '1' }, key: 'k' }),
      part({ artifacts: { C: '1' }, repository: 'acme/mac' }),
    ];
    const again = part({ artifacts: { b: '9' }, replaces: [all[0]?.evidence as Sha256] });
    const whole = uniteParts([...all, again]);
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, again], { minLength: 5 }), (shuffled) => {
        const united = uniteParts(shuffled);
        expect(united.conflicts).toEqual(whole.conflicts);
        expect(united.parts).toEqual(whole.parts);
        expect(united.artifacts.map(({ name, digest }) => [name, digest])).toEqual(
          whole.artifacts.map(({ name, digest }) => [name, digest]),
        );
      }),
    );
  });
});

describe('a part that replaces an earlier one', () => {
  const before = part({ artifacts: { a: '1', b: '1' } });
  const replaces = [before.evidence];

  test('of the same job takes the place of what it names, and of nothing else', () => {
    const after = part({ artifacts: { a: '2' }, replaces });
    const { artifacts, parts, conflicts } = uniteParts([before, after]);
    expect(conflicts).toEqual([]);
    expect(artifacts.map(({ name, digest }) => [name, digest])).toEqual([
      ['a', sha256('2')],
      ['b', sha256('1')],
    ]);
    expect(parts).toHaveLength(2);
  });

  test('whole leaves nothing of it', () => {
    const after = part({ artifacts: { a: '2', b: '2' }, replaces });
    expect(uniteParts([before, after]).parts).toEqual([after]);
  });

  test.each<[string, Partial<Said>]>([
    ['another repository', { repository: 'acme/other' }],
    ['another signer', { signer: 'release' }],
    ['a key, which proves no job', { key: 'k' }],
  ])('by %s replaces nothing: the two conflict', (_what, by) => {
    expect(uniteParts([before, part({ artifacts: { a: '2' }, replaces, ...by })]).conflicts).toHaveLength(1);
    expect(namesOf([before, part({ artifacts: { a: '2' }, replaces, ...by })])).toEqual(['b']);
  });

  test('by keys of the same signer replaces', () => {
    const first = part({ artifacts: { a: '1' }, key: 'old' });
    const second = part({ artifacts: { a: '2' }, key: 'new', replaces: [first.evidence] });
    expect(uniteParts([first, second])).toMatchObject({ conflicts: [], parts: [second] });
  });

  test('without saying so conflicts, even of the same job', () => {
    expect(uniteParts([before, part({ artifacts: { a: '2' } })]).conflicts).toHaveLength(1);
  });
});
