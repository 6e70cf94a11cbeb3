import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { platformAccount } from './platform-account.ts';
import { type Push, pushersOf, verifiedAuthors } from './pushers.ts';

const [ann, bob] = [platformAccount('gitlab', 1), platformAccount('gitlab', 2)];
/** main: a - b - c - m; feature: b - x - y; m merges y. */
const PARENTS = new Map([
  ['a', []],
  ['b', ['a']],
  ['c', ['b']],
  ['x', ['b']],
  ['y', ['x']],
  ['m', ['c', 'y']],
]);
const who = (...pushes: Push[]) => Object.fromEntries([...pushersOf(PARENTS, pushes)].map(([commit, by]) => [commit, by?.id]));

describe('a push', () => {
  test('brings what can be reached from its end and not from its beginning', () => {
    expect(who({ before: 'a', after: 'c', by: ann })).toEqual({ b: '1', c: '1' });
    expect(who({ before: 'c', after: 'm', by: ann })).toEqual({ m: '1', x: '1', y: '1' });
  });

  test('brings nothing that an earlier one brought', () => {
    expect(who({ before: 'b', after: 'y', by: bob }, { before: 'c', after: 'm', by: ann })).toEqual({ x: '2', y: '2', m: '1' });
    expect(who({ before: 'a', after: 'b', by: ann }, { after: 'b', by: bob })).toEqual({ b: '1' });
  });

  test('that makes a branch proves who brought its tip, and nothing of what is below', () => {
    expect(who({ after: 'y', by: bob })).toEqual({ y: '2' });
  });

  test('by which a merge request is merged does not make its commits the merger’s', () => {
    expect(who({ before: 'c', after: 'm', by: ann, tipOnly: true })).toEqual({ m: '1', x: undefined, y: undefined });
    expect(who({ before: 'c', after: 'm' })).toEqual({ m: undefined, x: undefined, y: undefined });
  });

  test('of commits that are not asked about proves nothing', () => {
    expect(who({ before: 'q', after: 'z', by: ann })).toEqual({});
  });

  test('back and forth brings nothing a second time', () => {
    expect(
      who({ before: 'a', after: 'c', by: ann }, { before: 'c', after: 'a', by: bob }, { before: 'a', after: 'c', by: bob }),
    ).toEqual({
      b: '1',
      c: '1',
    });
  });

  test('read later than others never takes a commit from who brought it first', () => {
    const commit = fc.constantFrom(...PARENTS.keys());
    const push = fc.record({ before: commit, after: commit, by: fc.constantFrom(ann, bob) });
    fc.assert(
      fc.property(fc.array(push, { maxLength: 6 }), push, (pushes, last) => {
        const before = pushersOf(PARENTS, pushes);
        const after = pushersOf(PARENTS, [...pushes, last]);
        for (const [each, by] of before) expect(after.get(each)).toEqual(by);
      }),
    );
  });
});

describe('the people of a commit', () => {
  const openers = new Map([
    ['x', [bob, bob]],
    ['y', [ann]],
  ]);

  test('are who pushed it and who opened its merge requests, each once', () => {
    const pushers = new Map([
      ['x', ann],
      ['y', ann],
      ['m', undefined],
    ]);
    expect(verifiedAuthors(['x', 'y', 'm'], pushers, openers, false)).toEqual(
      new Map([
        ['x', [ann, bob]],
        ['y', [ann]],
      ]),
    );
  });

  test('are not told where a push may have been missed', () => {
    expect(verifiedAuthors(['x'], new Map(), openers, false).size).toBe(0);
    expect(verifiedAuthors(['x'], new Map(), openers, true)).toEqual(new Map([['x', [bob]]]));
    expect(verifiedAuthors(['x'], new Map([['x', undefined]]), openers, false)).toEqual(new Map([['x', [bob]]]));
  });
});
