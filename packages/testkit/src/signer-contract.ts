import { createHash, verify, X509Certificate } from 'node:crypto';
import { algorithmsOf, SIGNATURE_ALGORITHMS, type SignatureAlgorithm, type Signer, verifyDigest } from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';

/**
 * What every Signer keeps to.
 *
 * @param make a fresh signer; called once a test.
 */
export function signerContract(name: string, make: () => Promise<Signer>): void {
  describe(`${name}, as a Signer`, () => {
    const message = Buffer.from('what is to be signed\n');

    it('signs a message by each algorithm of its key, and the signature verifies', async () => {
      const signer = await make();
      const key = await signer.publicKey();
      for (const algorithm of algorithmsOf(key)) {
        const signature = await signer.sign({ algorithm, digest: digestOf(message, algorithm), message });
        expect([algorithm, verify(nodeHash(algorithm), message, key, signature)]).toEqual([algorithm, true]);
      }
    });

    it('signs a digest alone as it would the message, or refuses because its key is Ed25519', async () => {
      const signer = await make();
      const key = await signer.publicKey();
      for (const algorithm of algorithmsOf(key)) {
        const signing = signer.sign({ algorithm, digest: digestOf(message, algorithm) });
        if (algorithm === 'ed25519') {
          await expect(signing).rejects.toMatchObject({ code: 'configuration', next: expect.stringContaining('--no-sidecars') });
          continue;
        }
        const signature = await signing;
        expect([algorithm, verify(nodeHash(algorithm), message, key, signature)]).toEqual([algorithm, true]);
        const { hash } = SIGNATURE_ALGORITHMS[algorithm];
        await expect(verifyDigest(key, signature, digestOf(message, algorithm), hash)).resolves.toBe(true);
      }
    });

    it('refuses an algorithm that its key does not sign by', async () => {
      const signer = await make();
      const own = algorithmsOf(await signer.publicKey());
      const foreign = (Object.keys(SIGNATURE_ALGORITHMS) as SignatureAlgorithm[]).filter((algorithm) => !own.includes(algorithm));
      for (const algorithm of foreign) {
        const signing = signer.sign({ algorithm, digest: digestOf(message, algorithm), message });
        await expect(signing).rejects.toMatchObject({ code: 'configuration' });
      }
    });

    it('does not sign a message under the digest of another', async () => {
      const signer = await make();
      const [algorithm] = algorithmsOf(await signer.publicKey());
      await expect(signer.sign({ algorithm, digest: digestOf(Buffer.from('another'), algorithm), message })).rejects.toThrow();
    });

    it('signs many at once, each its own', async () => {
      const signer = await make();
      const key = await signer.publicKey();
      const [algorithm] = algorithmsOf(key);
      const messages = Array.from({ length: 32 }, (_, index) => Buffer.from(`message ${index}`));
      const signatures = await Promise.all(
        messages.map((one) => signer.sign({ algorithm, digest: digestOf(one, algorithm), message: one })),
      );
      const held = signatures.map((signature, index) => verify(nodeHash(algorithm), messages[index] as Buffer, key, signature));
      expect(held).toEqual(messages.map(() => true));
    });

    it('has one public key, and a certificate for no other', async () => {
      const signer = await make();
      const key = await signer.publicKey();
      expect(key.type).toBe('public');
      expect((await signer.publicKey()).equals(key)).toBe(true);
      const certificate = await signer.certificate();
      if (certificate !== undefined) expect(new X509Certificate(certificate).publicKey.equals(key)).toBe(true);
    });
  });
}

function digestOf(message: Uint8Array, algorithm: SignatureAlgorithm): Buffer {
  return createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
}

function nodeHash(algorithm: SignatureAlgorithm): string | null {
  return algorithm === 'ed25519' ? null : SIGNATURE_ALGORITHMS[algorithm].hash;
}
