import { describe, expect, test } from 'vitest';
import { AUDIT, BYTES, decided, HOUR, NOON, part, recordsOf, role, signature, waiver } from '../../tests/decide-fixtures.ts';
import { sha256 } from '../formats/digest.ts';
import type { VendorRequirement } from '../requirement.ts';
import { parseTrustRoot } from '../trust-root.ts';
import type { Verdict } from '../verdict.ts';
import type { VendorRefusal, VerifiedVendor } from '../verify-vendor.ts';
import type { DecisionContext } from './context.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const NGINX: VendorRequirement = {
  id: 'vendor:nginx',
  layer: 'central',
  waivable: false,
  type: 'vendor',
  identity: {
    id: 'nginx',
    issuer: ISSUER,
    subject: 'https://github.com/nginx/**',
    root: parseTrustRoot(
      Buffer.from('{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'),
      undefined,
      'test',
    ),
  },
};

type Signed = { issuer?: string; san?: string; at?: number; development?: boolean; digest?: typeof BYTES; vendor?: string };
function signed({ at = NOON - HOUR, development = false, ...more }: Signed = {}): VerifiedVendor {
  const { issuer = ISSUER, san = 'https://github.com/nginx/nginx/.github/workflows/r.yml@refs/tags/1', digest = BYTES } = more;
  return {
    evidence: sha256(JSON.stringify([at, development, more])),
    vendor: more.vendor ?? 'nginx',
    digests: new Set([digest]),
    time: { at, authority: 'a transparency log', development },
    author: { type: 'certificate', san, issuer, claims: {} },
    development,
  };
}

function judge(vendors: readonly (VerifiedVendor | VendorRefusal)[], context: Partial<DecisionContext> = {}): Verdict {
  return decided([NGINX], [], { vendors, ...context });
}

describe("a vendor's signature", () => {
  test('by the identity the policy names meets it', () => {
    const one = signed();
    expect(judge([one])).toMatchObject({
      result: 'allow',
      development: false,
      outcomes: [
        {
          status: 'met',
          code: 'signature-verified',
          message: `signed by ${one.author.san} at 2026-06-01T11:00:00.000Z, as a transparency log attests`,
          evidence: [one.evidence],
        },
      ],
    });
  });

  test.each<[string, Signed, string]>([
    ['of another issuer', { issuer: `${ISSUER}/x` }, 'identity-mismatch'],
    ['of another name', { san: 'https://github.com/nginx-evil/nginx' }, 'identity-mismatch'],
    ['over other bytes', { digest: sha256('other') }, 'wrong-subject'],
    ['of the future', { at: NOON + HOUR }, 'after-moment'],
    ['that rests on a trial root', { development: true }, 'development-not-allowed'],
  ])('%s does not count', (_, more, code) => {
    const one = signed(more);
    expect(judge([one])).toMatchObject({
      result: 'deny',
      outcomes: [{ code: 'signatures-refused', refused: [{ evidence: one.evidence, code }] }],
    });
  });

  test("under another vendor's trust root is none of this one's", () => {
    expect(judge([signed({ vendor: 'other' })])).toMatchObject({ result: 'deny', outcomes: [{ code: 'no-signature' }] });
  });

  test('that did not hold is told with its reason', () => {
    const refusal: VendorRefusal = { vendor: 'nginx', evidence: sha256('x'), code: 'bad-signature', message: 'changed' };
    expect(judge([refusal])).toMatchObject({
      outcomes: [{ refused: [{ evidence: sha256('x'), code: 'bad-signature', message: 'changed' }] }],
    });
    expect(judge([refusal, signed()])).toMatchObject({ result: 'allow', outcomes: [{ refused: [] }] });
  });

  test('that is missing is inconclusive where the evidence cannot be read, and what is there stands', () => {
    expect(judge([], { unreachable: 'down' }).result).toBe('inconclusive');
    expect(judge([signed()], { unreachable: 'down' }).result).toBe('allow');
  });

  test('under a trial root, where one is allowed, marks the verdict', () => {
    const environment = { id: 'test', allowDevelopment: true, matters: false };
    expect(judge([signed({ development: true })], { environment })).toMatchObject({ result: 'allow', development: true });
    expect(judge([signed({ development: true, at: 1 }), signed()], { environment })).toMatchObject({ development: false });
  });

  test('is in no log of ours, whatever else must be', () => {
    const vendors = [signed()];
    expect(decided([NGINX, signature(), AUDIT], [part()], { vendors, records: recordsOf([part()]) }).result).toBe('allow');
    expect(decided([NGINX, AUDIT], [], { vendors, records: recordsOf([]) }).result).toBe('deny');
  });

  test('is waived by nobody', () => {
    const security = role('security', 'ann');
    const waivers = {
      waivers: { role: security, count: 1, maxAge: 9e9 },
      breakGlass: [{ role: security, count: 1, maxAge: 9e9 }],
    };
    const given = [waiver({ by: 'ann', requirement: 'vendor:nginx' }), waiver({ by: 'ann' })];
    expect(decided([NGINX], given, { waivers }).result).toBe('deny');
  });
});
