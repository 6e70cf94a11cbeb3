import { existsSync } from 'node:fs';
import type { Inventory, InventoryEntry } from '@signwright/certificates';
import { readBounded } from '@signwright/files';
import { isSha256, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { plainSerial } from './plain-serial.ts';

const MAX_FILE = 1024 * 1024;

/**
 * The certificate that a user means by its digest, by its serial number as tools write it, or by a file with it.
 *
 * @throws SignwrightError `usage` where the inventory has none, or several.
 */
export async function findOne(inventory: Inventory, text: string): Promise<InventoryEntry> {
  const found = await findAll(inventory, text);
  const [one, ...others] = found;
  if (one !== undefined && others.length === 0) return one;
  if (one === undefined)
    throw new SignwrightError('usage', `the inventory has no certificate ${JSON.stringify(text)}`, {
      next: 'give its digest, its serial number in hex, or a file with it; "signwright cert import" puts one there',
    });
  const digests = found.map(({ digest, authority, serial }) => digest ?? `${authority}/${serial}`);
  throw new SignwrightError('usage', `${found.length} certificates have the serial number ${text}: ${digests.join(', ')}`, {
    next: 'give the digest of one',
  });
}

async function findAll({ entries, byDigest }: Inventory, text: string): Promise<InventoryEntry[]> {
  const digest = digestIn(text) ?? (existsSync(text) ? await digestOfFile(text) : undefined);
  if (digest !== undefined) return [byDigest(digest)].filter((one) => one !== undefined);
  const serial = plainSerial(text);
  return /^[0-9a-f]{1,64}$/.test(serial) ? entries.filter((one) => plainSerial(one.serial) === serial) : [];
}

function digestIn(text: string): Sha256 | undefined {
  if (isSha256(text)) return text;
  return /^[0-9a-f]{64}$/.test(text) && !existsSync(text) ? `sha256:${text}` : undefined;
}

async function digestOfFile(path: string): Promise<Sha256> {
  const { certificatesIn } = await import('@signwright/certificates');
  const [first] = await certificatesIn(await readBounded(path, MAX_FILE, 'the certificate'), path);
  if (first !== undefined) return sha256(first.der);
  throw new SignwrightError('invalid-input', `${path} has no certificate`, {
    where: path,
    next: 'name a file with one, in PEM, DER or PKCS#7',
  });
}
