import type { IdentityProvider } from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';

/** A provider and the time it lives in. */
export type IdentityProviderFixture = {
  identity: IdentityProvider;
  now: () => Date;
  /** The audiences it has tokens for, where it has none for others. */
  audiences?: readonly [string, ...string[]];
};
const ANY: readonly [string, ...string[]] = ['audience-one', 'https://other.example/two'];
type Payload = { iss?: unknown; sub?: unknown; aud?: unknown; exp?: unknown };

/** What every IdentityProvider keeps to. */
export function identityProviderContract(name: string, make: () => Promise<IdentityProviderFixture>): void {
  describe(`${name}, as an IdentityProvider`, () => {
    it('gives a signed compact JWT that names its issuer and subject', async () => {
      const { identity, audiences = ANY } = await make();
      const parts = (await identity.idToken(audiences[0])).split('.');
      expect(parts).toHaveLength(3);
      const header = JSON.parse(Buffer.from(parts[0] as string, 'base64url').toString('utf8')) as { alg?: string };
      expect(header.alg).toMatch(/^(ES|RS|PS|Ed)/);
      const payload = payloadOf(parts.join('.'));
      expect(payload.iss).toMatch(/^https?:\/\//);
      expect(payload.sub).toEqual(expect.stringMatching(/./));
    });

    it('gives a token for the audience that asked, and for no other', async () => {
      const { identity, audiences = ANY } = await make();
      for (const audience of audiences) {
        expect([payloadOf(await identity.idToken(audience)).aud].flat()).toEqual([audience]);
      }
    });

    it('gives a token that is in force, and not for long', async () => {
      const { identity, now, audiences = ANY } = await make();
      const seconds = now().getTime() / 1000;
      const { exp } = payloadOf(await identity.idToken(audiences[0]));
      expect(exp).toBeGreaterThan(seconds);
      expect(exp).toBeLessThanOrEqual(seconds + 3600);
    });
  });
}

function payloadOf(token: string): Payload {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Payload;
}
