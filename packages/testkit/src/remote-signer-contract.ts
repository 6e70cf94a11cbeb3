import { createHash, type KeyObject, randomBytes, verify } from 'node:crypto';
import { algorithmsOf, keyIdOf, SIGNATURE_ALGORITHMS, type Signer } from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';
import { freshKeys } from './test-keys.ts';

/** What can befall a key that stays elsewhere; from the moment it is asked for on. */
export type RemoteKeyFault =
  | 'no permission to read the key'
  | 'no permission to sign'
  | 'no such key'
  | 'disabled'
  /** Each request is answered with the service's own word for too many; `throttled twice`: the first two alone. */
  | 'throttled'
  | 'throttled twice'
  | 'broken'
  /** Requests are taken and never answered. */
  | 'silent'
  | 'down';

export type OpenRemoteSigner = (options: {
  /** The key pinned, instead of the one that is there. */
  readonly publicKey?: KeyObject;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}) => Promise<Signer>;

/** A service with one key, and how to open a signer with it. */
export type RemoteSignerFixture = {
  readonly open: OpenRemoteSigner;
  /** Makes a fault befall all that is asked from now on; `undefined` ends it. Absent for a fault that no test can make. */
  fault(fault: RemoteKeyFault | undefined): Promise<void> | void;
  /** The faults this service can be made to have. */
  readonly faults: readonly RemoteKeyFault[];
  /** The permission a refusal names, as administrators grant it. */
  readonly permission: { readonly read: RegExp; readonly sign: RegExp };
  /** Requests to sign that the service has had. */
  readonly signRequests?: () => number;
  /** Whatever must never be seen in a message: tokens, PINs, secrets. */
  readonly secrets: readonly string[];
};

type Told = { code?: string; message: string; next?: string; where?: string; stack?: string };

/** What every Signer whose key stays elsewhere keeps to, beside what every Signer does ({@link signerContract}). */
export function remoteSignerContract(name: string, make: () => Promise<RemoteSignerFixture>): void {
  describe(`${name}, as a key that stays elsewhere`, () => {
    const signing = async (signer: Signer): Promise<boolean> => {
      const message = randomBytes(40);
      const key = await signer.publicKey();
      const [algorithm] = algorithmsOf(key);
      const { hash } = SIGNATURE_ALGORITHMS[algorithm];
      const signature = await signer.sign({ algorithm, digest: createHash(hash).update(message).digest(), message });
      return verify(algorithm === 'ed25519' ? null : hash, message, key, signature);
    };
    const failureOf = async (work: () => Promise<unknown>, secrets: readonly string[]): Promise<Told> => {
      const error = await work().then(
        () => undefined,
        (thrown: Told) => thrown,
      );
      expect(error, 'it must fail').toBeDefined();
      const told = error as Told;
      const said = `${told.message} ${told.next} ${told.where} ${told.stack}`;
      for (const secret of secrets) expect(said).not.toContain(secret);
      return told;
    };
    const openAndSign = async ({ open }: RemoteSignerFixture, options: Parameters<OpenRemoteSigner>[0] = {}): Promise<boolean> =>
      signing(await open(options));

    it('signs, and has no certificate of its own', async () => {
      const fixture = await make();
      const signer = await fixture.open({});
      expect(await signing(signer)).toBe(true);
      expect(await signer.certificate()).toBeUndefined();
    });

    it('is not opened where another key is there than the pinned one, and names both', async () => {
      const { open, secrets } = await make();
      const real = await (await open({})).publicKey();
      const pinned = freshKeys().publicKey;
      const told = await failureOf(() => open({ publicKey: pinned }), secrets);
      expect(told).toMatchObject({ code: 'configuration', next: expect.stringContaining('signer rotate') });
      expect(told.message).toContain(keyIdOf(real));
      expect(told.message).toContain(keyIdOf(pinned));
    });

    for (const [fault, action] of [
      ['no permission to read the key', 'read'],
      ['no permission to sign', 'sign'],
    ] as const) {
      it(`with ${fault}: names the permission that is missing and who lacks it, and is not asked twice`, async (context) => {
        const fixture = await make();
        if (!fixture.faults.includes(fault)) return context.skip();
        const signer = action === 'sign' ? await fixture.open({}) : undefined;
        await fixture.fault(fault);
        const before = fixture.signRequests?.() ?? 0;
        const told = await failureOf(() => (signer ? signing(signer) : fixture.open({})), fixture.secrets);
        expect(told.code).toBe('configuration');
        expect(`${told.message} ${told.next}`).toMatch(fixture.permission[action]);
        if (action === 'sign' && fixture.signRequests) expect(fixture.signRequests() - before).toBe(1);
        return undefined;
      });
    }

    for (const fault of ['no such key', 'disabled'] as const) {
      it(`${fault}: says so, as something to be put right`, async (context) => {
        const fixture = await make();
        if (!fixture.faults.includes(fault)) return context.skip();
        await fixture.fault(fault);
        const told = await failureOf(() => openAndSign(fixture), fixture.secrets);
        expect(told.code).toBe('configuration');
        expect(told.message).toMatch(
          fault === 'disabled' ? /disabled|not enabled|deactivated/i : /no (such )?key|no key|not found/i,
        );
        expect(told.next).toMatch(/./);
        return undefined;
      });
    }

    it('throttled: tries a few times, then says so, as something to try again', async (context) => {
      const fixture = await make();
      if (!fixture.faults.includes('throttled')) return context.skip();
      const signer = await fixture.open({});
      await fixture.fault('throttled');
      const before = fixture.signRequests?.() ?? 0;
      const told = await failureOf(() => signing(signer), fixture.secrets);
      expect(told).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/throttl|too many/i) });
      const requests = (fixture.signRequests?.() ?? before + 2) - before;
      expect(requests).toBeGreaterThan(1);
      expect(requests).toBeLessThanOrEqual(6);
      return undefined;
    });

    it('throttled twice: signs all the same', async (context) => {
      const fixture = await make();
      if (!fixture.faults.includes('throttled twice')) return context.skip();
      const signer = await fixture.open({});
      await fixture.fault('throttled twice');
      expect(await signing(signer)).toBe(true);
      return undefined;
    });

    for (const fault of ['broken', 'down'] as const) {
      it(`${fault}: is unreachable, for the next key to be used or the run to be tried again`, async (context) => {
        const fixture = await make();
        if (!fixture.faults.includes(fault)) return context.skip();
        const signer = await fixture.open({});
        await fixture.fault(fault);
        for (const work of [() => signing(signer), () => fixture.open({})])
          expect(await failureOf(work, fixture.secrets)).toMatchObject({ code: 'unreachable', next: expect.stringMatching(/./) });
        return undefined;
      });
    }

    it('silent: is waited for until the deadline and no longer', async (context) => {
      const fixture = await make();
      if (!fixture.faults.includes('silent')) return context.skip();
      const signer = await fixture.open({ deadlineMs: 300 });
      await fixture.fault('silent');
      const started = performance.now();
      for (const work of [() => signing(signer), () => fixture.open({ deadlineMs: 300 })])
        expect(await failureOf(work, fixture.secrets)).toMatchObject({
          code: 'unreachable',
          message: expect.stringContaining('0.3 s'),
        });
      expect(performance.now() - started).toBeLessThan(6_000);
      return undefined;
    });

    it('is not waited for once it is stopped', async (context) => {
      const fixture = await make();
      if (!fixture.faults.includes('silent')) return context.skip();
      const stop = new AbortController();
      const signer = await fixture.open({ signal: stop.signal });
      await fixture.fault('silent');
      setTimeout(() => stop.abort(), 50);
      expect(await failureOf(() => signing(signer), fixture.secrets)).toMatchObject({ code: 'cancelled' });
      expect(await failureOf(() => fixture.open({ signal: stop.signal }), fixture.secrets)).toMatchObject({ code: 'cancelled' });
      return undefined;
    });

    it('answers again after all of that', async () => {
      const fixture = await make();
      const signer = await fixture.open({});
      for (const fault of fixture.faults.filter((one) => one === 'throttled' || one === 'broken')) {
        await fixture.fault(fault);
        await failureOf(() => signing(signer), fixture.secrets);
      }
      await fixture.fault(undefined);
      expect(await signing(signer)).toBe(true);
    });
  });
}
