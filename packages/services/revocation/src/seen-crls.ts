import { createHash } from 'node:crypto';
import type { SignedCrl } from './crl-shelf.ts';
import type { KeptFiles } from './kept-files.ts';

/** How far each issuer's CRLs have come, so that nobody can serve an earlier one again. */
export type SeenCrls = {
  /** Why a CRL is older than one that its issuer has signed for the same certificates; undefined where none is known. */
  whyOlder(signed: SignedCrl): Promise<string | undefined>;
  remember(signed: SignedCrl): Promise<void>;
};

type Seen = { readonly number?: string; readonly thisUpdate: number };

const MAX_BYTES = 1000;

export function seenCrls(files: KeptFiles): SeenCrls {
  const known = new Map<string, Seen>();
  const seenOf = async (key: string): Promise<Seen | undefined> =>
    newest(known.get(key), readSeen(await files.read(key, MAX_BYTES)));
  return {
    async whyOlder(signed) {
      const { crl } = signed;
      const seen = await seenOf(keyOf(signed));
      if (seen === undefined || !isOlder(crl, seen)) return undefined;
      const numbers = crl.number === undefined || seen.number === undefined ? '' : ` (number ${crl.number} after ${seen.number})`;
      return `its issuer has signed a newer one already${numbers}`;
    },
    async remember(signed) {
      const key = keyOf(signed);
      const { number, thisUpdate } = signed.crl;
      const now = newest(await seenOf(key), { ...(number === undefined ? {} : { number: String(number) }), thisUpdate }) as Seen;
      known.set(key, now);
      await files.write(key, Buffer.from(JSON.stringify(now)));
    },
  };
}

function isOlder({ number, thisUpdate }: SignedCrl['crl'], seen: Seen): boolean {
  if (thisUpdate < seen.thisUpdate) return true;
  return number !== undefined && seen.number !== undefined && number < BigInt(seen.number);
}

function newest(a: Seen | undefined, b: Seen | undefined): Seen | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const numbers = [a.number, b.number].flatMap((one) => one ?? []).sort((x, y) => (BigInt(x) < BigInt(y) ? 1 : -1));
  return { ...(numbers[0] === undefined ? {} : { number: numbers[0] }), thisUpdate: Math.max(a.thisUpdate, b.thisUpdate) };
}

/** Numbers grow for each issuer and each kind of certificates that a CRL is for (RFC 5280, 5.2.3). */
function keyOf({ crl, issuer }: SignedCrl): string {
  const { only = 'all', someReasons, names } = crl.scope;
  const key = createHash('sha256')
    .update(issuer.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const of = [crl.issuer.toString('hex'), key, only, someReasons, ...names.map((name) => name.toString('hex'))];
  return createHash('sha256')
    .update(`seen\n${of.join('\n')}`)
    .digest('hex');
}

/** A file that somebody damaged says nothing. */
function readSeen(bytes: Buffer | undefined): Seen | undefined {
  try {
    const { number, thisUpdate } = JSON.parse(bytes?.toString('utf8') ?? '') as { number?: unknown; thisUpdate?: unknown };
    if (typeof thisUpdate !== 'number' || !Number.isSafeInteger(thisUpdate)) return undefined;
    return { ...(typeof number === 'string' && /^\d{1,60}$/.test(number) ? { number } : {}), thisUpdate };
  } catch {
    return undefined;
  }
}
