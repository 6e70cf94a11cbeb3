import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Sha256, sha256 } from '../formats/digest.ts';
import type { SignatureRequirement } from '../requirement.ts';
import { type Outcome, type OutcomeStatus, type Refusal, type Verdict, worstOf } from '../verdict.ts';
import type { Verified } from '../verify-evidence.ts';
import type { DecisionContext } from './context.ts';
import { decide, resultOf } from './decide.ts';

const NOON = Date.parse('2026-06-01T12:00:00Z');
const BYTES = sha256('the artifact');
const CONTEXT: DecisionContext = {
  artifact: { name: 'app', kind: 'package', digest: BYTES },
  environment: { id: 'default', allowDevelopment: false, matters: false },
  moment: 'release',
  at: NOON,
  anchored: false,
  policy: { digest: sha256('policy') },
  tiers: ['internal'],
  requirements: sha256('requirements'),
  next: { text: 'verify again', command: 'signwright sign app' },
  wait: { text: 'wait for the log', command: 'signwright wait app' },
};

/** What would meet the requirement: who, and by which command. */
const BY_KEY = { text: 'have build sign these bytes: whoever holds its key; then verify again', command: 'signwright sign app' };

const signedBy = (id: string): SignatureRequirement => ({
  id: `signature:${id}`,
  layer: 'central',
  waivable: false,
  type: 'signature',
  signer: { id, certificate: false, workloads: [], keys: [{ keyId: id, publicKey: '', from: 0 }] },
});

type Signed = {
  by: string;
  at?: number;
  development?: boolean;
  digest?: Sha256;
  name?: string;
  kind?: 'package' | 'sbom';
  salt?: number;
  /** The signer it states, where that is not who made it. */
  as?: string;
  environment?: string;
};
function evidence({
  by,
  at = NOON - 1000,
  development = false,
  digest = BYTES,
  name = 'app',
  kind = 'package',
  salt = 0,
  as = by,
  environment = 'default',
}: Signed): Verified {
  const artifacts = [{ name, kind, digest, requirements: sha256('requirements') }];
  return {
    evidence: sha256(JSON.stringify([by, at, development, digest, name, kind, salt, as, environment])),
    statement: { subject: [], predicateType: '', predicate: null },
    part: { artifacts, environment, signer: as, policy: { digest: sha256('policy') }, source: { asserted: {} } },
    byDigest: new Map([[digest, [0]]]),
    time: { at, authority: 'CN=TSA', development },
    author: { type: 'key', keyId: by },
    development,
  };
}
const judge = (required: string[], found: Signed[], context: Partial<DecisionContext> = {}, refused: Refusal[] = []): Verdict =>
  decide(required.map(signedBy), found.map(evidence), refused, { ...CONTEXT, ...context });
const only = (verdict: Verdict): Outcome => verdict.outcomes[0] as Outcome;

test('a signature by the signer that is asked for allows, and the verdict says by whom, when, on what evidence', () => {
  const verdict = judge(['build'], [{ by: 'build' }]);
  expect(verdict).toMatchObject({ result: 'allow', development: false, at: '2026-06-01T12:00:00.000Z', enforced: true });
  expect(only(verdict)).toMatchObject({
    status: 'met',
    code: 'signature-verified',
    evidence: [evidence({ by: 'build' }).evidence],
  });
  expect(only(verdict).message).toBe(
    'signed by the key build (a key proves the key, not the job) at 2026-06-01T11:59:59.000Z, as CN=TSA attests',
  );
});

test('nothing required allows nothing', () => {
  expect(judge([], [{ by: 'build' }]).result).toBe('deny');
});

test('without a signature the answer is no, and what would meet it', () => {
  expect(judge(['build'], [])).toMatchObject({
    result: 'deny',
    outcomes: [{ status: 'unmet', code: 'no-signature', next: BY_KEY }],
  });
});

test.each([
  ['as build, by a key of another signer', { by: 'other', as: 'build' }, {}, 'key-not-listed'],
  [
    'for another environment, where what is demanded depends on it',
    { by: 'build', environment: 'test' },
    { environment: { id: 'production', allowDevelopment: false, matters: true } },
    'other-environment',
  ],
  ['over other bytes', { by: 'build', digest: sha256('other') }, {}, 'wrong-subject'],
  ['made after the moment that is asked about', { by: 'build', at: NOON + 300_001 }, {}, 'after-moment'],
  ['under a trial root where none is allowed', { by: 'build', development: true }, {}, 'development-not-allowed'],
  ['under another name', { by: 'build', name: 'other' }, { signedAs: { name: 'app', kind: 'package' } }, 'other-artifact'],
  ['under another kind', { by: 'build', kind: 'sbom' }, { signedAs: { name: 'app', kind: 'package' } }, 'other-artifact'],
] as [string, Signed, Partial<DecisionContext>, string][])(
  'a signature %s does not count, and the verdict says why',
  (_, found, context, code) => {
    expect(judge(['build'], [found], context)).toMatchObject({
      result: 'deny',
      outcomes: [
        {
          status: 'unmet',
          code: 'signatures-refused',
          evidence: [],
          refused: [{ evidence: evidence(found).evidence, code }],
          next: code === 'development-not-allowed' ? { text: expect.stringContaining('no trial root') as string } : BY_KEY,
        },
      ],
    });
  },
);

test('what is missing says which jobs may sign', () => {
  const build = signedBy('build');
  const workloads = [{ id: 'ci', issuer: 'https://gitlab.example', repository: 'https://gitlab.example/acme/app' }];
  const required = [{ ...build, signer: { ...build.signer, certificate: true, workloads } }];
  expect(decide(required, [], [], CONTEXT).outcomes[0]?.next?.text).toBe(
    'have build sign these bytes: a job of ci (https://gitlab.example); then verify again',
  );
});

test('one signature meets one requirement: the one of the signer it states', () => {
  const shared = [signedBy('build'), signedBy('release')].map((one) => ({
    ...one,
    signer: { ...one.signer, keys: [{ keyId: 'shared', publicKey: '' }] },
  }));
  const verdict = decide(shared, [evidence({ by: 'shared', as: 'build' })], [], CONTEXT);
  expect(verdict.outcomes.map(({ status }) => status)).toEqual(['met', 'unmet']);
  expect(verdict.outcomes[1]?.message).toMatch(/^no signature by release over these bytes was found, only by .?build/);
});

test('where what is demanded is the same everywhere, a part signed for any environment counts', () => {
  const environment = { id: 'production', allowDevelopment: false, matters: false };
  expect(judge(['build'], [{ by: 'build', environment: 'test' }], { environment }).result).toBe('allow');
});

test('bytes that a part signs under two names count under each of them', () => {
  const one = evidence({ by: 'build' });
  const [first] = one.part.artifacts;
  const two: Verified = {
    ...one,
    part: { ...one.part, artifacts: [{ ...first, name: 'other' } as NonNullable<typeof first>, ...one.part.artifacts] },
    byDigest: new Map([[BYTES, [0, 1]]]),
  };
  for (const name of ['app', 'other']) {
    const context: DecisionContext = { ...CONTEXT, signedAs: { name, kind: 'package' } };
    expect(decide([signedBy('build')], [two], [], context).result).toBe('allow');
  }
});

test('a verdict says what the artifact was signed as, where that differs in name or kind', () => {
  const signedAs = (name: string, kind: 'package' | 'sbom'): Verdict['signedAs'] =>
    judge(['build'], [], { signedAs: { name, kind } }).signedAs;
  expect(signedAs('app', 'package')).toBeUndefined();
  expect(signedAs('other', 'package')).toEqual({ name: 'other', kind: 'package' });
  expect(signedAs('app', 'sbom')).toEqual({ name: 'app', kind: 'sbom' });
});

test('a clock five minutes slow does not hide a fresh signature', () => {
  expect(judge(['build'], [{ by: 'build', at: NOON + 300_000 }]).result).toBe('allow');
});

test('evidence under a trial root counts where the environment allows it, and marks the verdict', () => {
  const allowing = { environment: { id: 'test', allowDevelopment: true, matters: false } };
  expect(judge(['build'], [{ by: 'build', development: true }], allowing)).toMatchObject({ result: 'allow', development: true });
  const both: Signed[] = [
    { by: 'build', development: true, at: 1 },
    { by: 'build', at: 2 },
  ];
  expect(judge(['build'], both, allowing)).toMatchObject({ result: 'allow', development: false });
  expect(judge(['build', 'other'], [{ by: 'build' }, { by: 'other', development: true }], allowing)).toMatchObject({
    result: 'allow',
    development: true,
  });
});

test('what was refused before is listed, and does not outweigh what is good', () => {
  const refused: Refusal[] = [{ evidence: sha256('x'), code: 'bad-signature', message: 'changed' }];
  expect(judge(['build'], [], {}, refused)).toMatchObject({
    result: 'deny',
    outcomes: [{ code: 'signatures-refused', refused }],
  });
  expect(judge(['build'], [{ by: 'build' }], {}, refused).result).toBe('allow');
});

test('evidence that could not be read leaves what is not met inconclusive, and what is met stands', () => {
  const context = { unreachable: 'the store does not answer' };
  expect(judge(['build'], [], context)).toMatchObject({
    result: 'inconclusive',
    outcomes: [{ status: 'inconclusive', code: 'evidence-unreachable', message: 'the store does not answer' }],
  });
  expect(judge(['build'], [{ by: 'other' }], context).result).toBe('inconclusive');
  expect(judge(['build', 'other'], [{ by: 'other' }], context).result).toBe('inconclusive');
  expect(judge(['build'], [{ by: 'build' }], context).result).toBe('allow');
});

test('deny outweighs inconclusive, which outweighs pending, which outweighs allow', () => {
  const outcomes = (...statuses: OutcomeStatus[]): Outcome[] =>
    statuses.map((status) => ({ ...only(judge(['build'], [])), status }));
  expect(resultOf(outcomes('met', 'pending', 'inconclusive', 'unmet'))).toBe('deny');
  expect(resultOf(outcomes('met', 'pending', 'inconclusive', 'waived'))).toBe('inconclusive');
  expect(resultOf(outcomes('waived', 'pending', 'met'))).toBe('pending');
  expect(resultOf(outcomes('met', 'waived'))).toBe('allow');
  expect(resultOf([])).toBe('deny');
  expect(worstOf(['allow', 'pending', 'inconclusive', 'deny'])).toBe('deny');
  expect(worstOf(['allow', 'pending', 'inconclusive'])).toBe('inconclusive');
  expect(worstOf(['allow', 'pending'])).toBe('pending');
  expect(worstOf(['allow', 'allow'])).toBe('allow');
  expect(worstOf([])).toBe('deny');
});

const signed: fc.Arbitrary<Signed> = fc.record({
  by: fc.constantFrom('build', 'release', 'other'),
  at: fc.constantFrom(NOON - 2000, NOON - 1000, NOON + 400_000),
  development: fc.boolean(),
  digest: fc.constantFrom(BYTES, BYTES, sha256('other')),
  name: fc.constantFrom('app', 'app', 'other'),
  salt: fc.nat(2),
});
const required = fc.subarray(['build', 'release', 'other']);
const refusal: fc.Arbitrary<Refusal> = fc.record({
  evidence: fc.nat(5).map((n) => sha256(`${n}`)),
  code: fc.constantFrom('bad-signature', 'malformed'),
  message: fc.constantFrom('a', 'b'),
});
const context: fc.Arbitrary<Partial<DecisionContext>> = fc.record(
  {
    environment: fc.record({ id: fc.constant('test'), allowDevelopment: fc.boolean(), matters: fc.constant(false) }),
    signedAs: fc.constant({ name: 'app', kind: 'package' as const }),
    unreachable: fc.constant('down'),
  },
  { requiredKeys: ['environment'] },
);
const unique = fc.uniqueArray(signed, { selector: (each) => evidence({ ...each }).evidence, maxLength: 8 });
const refusals = fc.uniqueArray(refusal, { selector: (each) => each.evidence, maxLength: 4 });

test('the order in which evidence and refusals are found does not change the verdict', () => {
  fc.assert(
    fc.property(required, unique, refusals, context, fc.infiniteStream(fc.nat()), (ids, found, refused, given, order) => {
      const shuffle = <T>(list: readonly T[]): T[] =>
        list
          .map((each) => [order.next().value as number, each] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, each]) => each);
      expect(judge(ids, shuffle(found), given, shuffle(refused))).toEqual(judge(ids, found, given, refused));
    }),
  );
});

test('taking evidence away never turns another answer into allow', () => {
  fc.assert(
    fc.property(required, unique, context, fc.nat(), (ids, found, given, which) => {
      const fewer = found.filter((_, index) => index !== which % Math.max(found.length, 1));
      if (judge(ids, fewer, given).result === 'allow') expect(judge(ids, found, given).result).toBe('allow');
    }),
    { numRuns: 500 },
  );
});

test('requiring more never allows more, once anything is required', () => {
  fc.assert(
    fc.property(required, fc.constantFrom('build', 'release', 'other'), unique, context, (ids, more, found, given) => {
      fc.pre(ids.length > 0 && !ids.includes(more));
      if (judge([...ids, more], found, given).result === 'allow') expect(judge(ids, found, given).result).toBe('allow');
    }),
    { numRuns: 500 },
  );
});

test('an environment without trial roots, and a store that does not answer, never allow more', () => {
  fc.assert(
    fc.property(required, unique, (ids, found) => {
      const result = (allowDevelopment: boolean, unreachable?: string) =>
        judge(ids, found, {
          environment: { id: 'test', allowDevelopment, matters: false },
          ...(unreachable ? { unreachable } : {}),
        }).result;
      if (result(false) === 'allow') expect(result(true)).toBe('allow');
      if (result(true, 'down') === 'allow') expect(result(true)).toBe('allow');
    }),
  );
});
