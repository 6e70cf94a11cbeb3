import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { parseStatement } from '../statement.ts';
import { distinctAccounts, platformAccount } from './platform-account.ts';
import {
  type CollectedApprovals,
  PLATFORM_APPROVALS,
  readPlatformApprovals,
  writePlatformApprovals,
} from './platform-approvals.ts';

const SUBJECTS = [{ name: 'dist/app.tgz', sha256: 'ab'.repeat(32) }];
const SAID: CollectedApprovals = {
  platform: 'gitlab',
  commit: 'c0ffee'.padEnd(40, '0'),
  environment: 'production',
  run: '4711',
  project: 'acme/app',
  approvals: [
    {
      account: { platform: 'gitlab', id: '7' },
      decision: 'approve',
      at: '2026-11-22T10:00:00.000Z',
      means: 'merge-request',
      url: 'https://gitlab.acme.example/acme/app/-/merge_requests/3',
    },
    { account: { platform: 'gitlab', id: '8' }, decision: 'reject', at: '2026-11-22T11:00:00.000Z', means: 'deployment' },
  ],
  answer: sha256('answers'),
};

const written = (said: CollectedApprovals = SAID) => parseStatement(writePlatformApprovals(SUBJECTS, said));
const read = (change: (json: string) => string) => {
  const changed = change(writePlatformApprovals(SUBJECTS, SAID).toString());
  return () => readPlatformApprovals(parseStatement(Buffer.from(changed)));
};

describe('what a platform answered', () => {
  test('is read as it was written, about its artifacts', () => {
    expect(readPlatformApprovals(written())).toEqual(SAID);
    expect(written()).toMatchObject({ predicateType: PLATFORM_APPROVALS, subject: SUBJECTS });
  });

  test('comes back whatever was decided, by whom and when', () => {
    const platform = fc.constantFrom('gitlab' as const, 'github' as const, 'azure-devops' as const, 'jenkins' as const);
    const said = platform.chain((platform) =>
      fc.record(
        {
          platform: fc.constant(platform),
          commit: fc.stringMatching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
          environment: fc.stringMatching(/^[\w/ é-]{1,100}$/),
          run: fc.stringMatching(/^\d{1,20}$/),
          project: fc.stringMatching(/^[\w./-]{1,100}$/),
          answer: fc.string().map(sha256),
          approvals: fc.array(
            fc.record(
              {
                account: idOf(platform).map((id) => ({ platform, id })),
                decision: fc.constantFrom('approve' as const, 'reject' as const),
                at: fc
                  .date({ min: new Date('1970-01-01'), max: new Date('2199-01-01'), noInvalidDate: true })
                  .map((at) => at.toISOString()),
                means: fc.constantFrom('merge-request', 'deployment', 'input', 'environment', 'pipeline'),
                url: fc.webUrl(),
              },
              { requiredKeys: ['account', 'decision', 'at', 'means'] },
            ),
            { maxLength: 3 },
          ),
        },
        { requiredKeys: ['platform', 'commit', 'environment', 'answer', 'approvals'] },
      ),
    );
    fc.assert(
      fc.property(said, (each) => {
        expect(readPlatformApprovals(written(each as CollectedApprovals))).toEqual(each);
      }),
    );
  });

  test.each<[string, (json: string) => string, RegExp]>([
    ['of another type', (json) => json.replace('platform-approvals/v1', 'platform-approvals/v2'), /predicateType/],
    ['with one more field', (json) => json.replace('"run":', '"name":"Ann","run":'), /unknown field "name"/],
    ['with the name of a person', (json) => json.replace('"decision":', '"name":"Ann","decision":'), /unknown field "name"/],
    ['with an e-mail address for an account', (json) => json.replace('"account":"7"', '"account":"ann@acme.example"'), /account/],
    ['with a number for an account', (json) => json.replace('"account":"7"', '"account":7'), /account/],
    ['with an account in another form', (json) => json.replace('"account":"7"', '"account":"07"'), /account/],
    ['of Kubernetes, which has no people', (json) => json.replace('"platform":"gitlab"', '"platform":"kubernetes"'), /platform/],
    ['of another platform than the ids', (json) => json.replace('"platform":"gitlab"', '"platform":"azure-devops"'), /account/],
    ['of a shortened commit', (json) => json.replace(SAID.commit, 'c0ffee'), /commit/],
    ['of a commit in upper case', (json) => json.replace(SAID.commit, SAID.commit.toUpperCase()), /commit/],
    ['without an environment', (json) => json.replace('"environment":"production",', ''), /environment is missing/],
    ['with an empty environment', (json) => json.replace('"environment":"production"', '"environment":""'), /environment/],
    ['with an environment of two lines', (json) => json.replace('"production"', '"prod\\nuction"'), /control character/],
    ['with another decision', (json) => json.replace('"approve"', '"approved"'), /not one of approve, reject/],
    ['with other means', (json) => json.replace('"means":"deployment"', '"means":"mail"'), /means/],
    ['with a day that does not exist', (json) => json.replace('2026-11-22T10', '2026-11-31T10'), /at is not a time/],
    ['with an address that carries a password', (json) => json.replace('https://gitlab', 'https://x:y@gitlab'), /credentials/],
    ['with an address that is a script', (json) => json.replace('https://gitlab.acme', 'javascript://gitlab.acme'), /address/],
    ['without the answers’ digest', (json) => json.replace(/,"answer":"[^"]*"/, ''), /answer is missing/],
  ])('%s is refused', (_, change, message) => {
    expect(read((json) => json)).not.toThrow();
    expect(read(change)).toThrowError(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(message) as string }),
    );
  });

  test('that could not be read back is not written', () => {
    const mixed = { ...SAID, approvals: [{ ...SAID.approvals[0]!, account: { platform: 'github' as const, id: '7' } }] };
    for (const wrong of [{ ...SAID, commit: 'main' }, { ...SAID, run: '' }, { ...SAID, platform: 'kubernetes' as const }, mixed])
      expect(() => written(wrong)).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
  });
});

describe('an account', () => {
  test('is named by the id its platform never gives to another', () => {
    expect(platformAccount('gitlab', 7)).toEqual({ platform: 'gitlab', id: '7' });
    expect(platformAccount('azure-devops', '3b3db741-9d03-4e32-a7c0-6c3dfc2013c1').id).toMatch(/^3b3d/);
    expect(platformAccount('jenkins', 'ann').id).toBe('ann');
  });

  test.each([
    ['gitlab', 0],
    ['gitlab', -1],
    ['gitlab', 1.5],
    ['github', '01'],
    ['github', 'ann'],
    ['github', undefined],
    ['github', 2 ** 60],
    ['azure-devops', '3B3DB741-9D03-4E32-A7C0-6C3DFC2013C1'],
    ['jenkins', ''],
    ['jenkins', 'ann bob'],
    ['jenkins', 'ann@acme.example'],
    ['kubernetes', 'ann'],
  ] as const)('of %s is never %j, and what it was is not repeated', (platform, id) => {
    const refused = (): unknown => platformAccount(platform, id);
    expect(refused).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    expect(refused).toThrow(/^an account has an id that is none of [a-z-]+$/);
  });

  test('counts once however often it is named', () => {
    const [ann, bob] = [platformAccount('github', 1), platformAccount('github', 2)];
    expect(distinctAccounts([ann, bob, platformAccount('github', '1')])).toEqual([ann, bob]);
  });
});

function idOf(platform: CollectedApprovals['platform']): fc.Arbitrary<string> {
  if (platform === 'azure-devops') return fc.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  return platform === 'jenkins' ? fc.stringMatching(/^[a-z0-9._\\-]{1,50}$/) : fc.stringMatching(/^[1-9]\d{0,9}$/);
}
