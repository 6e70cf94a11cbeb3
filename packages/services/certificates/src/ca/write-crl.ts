import { derWriter, REVOCATION_REASONS, type RevocationReason, type Signer } from '@signwright/signing-core';
import { authorityKeyIdentifier, crlNumber, extension, keepsExpiredSince } from './extensions.ts';
import { signDer } from './sign-der.ts';

const { constructed, enumerated, generalizedTime, integer, sequence, time } = derWriter;

/** One that is revoked. */
export type CrlEntry = {
  /** Hex, without leading zeros. */
  readonly serial: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
  readonly invalidFrom?: Date;
};

export type CrlContent = {
  /** The issuer's name in DER. */
  readonly issuer: Uint8Array;
  /** Its subject key identifier. */
  readonly issuerKey: Buffer;
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Those that expired since are kept. */
  readonly keepsExpiredSince: Date;
  readonly entries: readonly CrlEntry[];
};

const VERSION_2 = integer(1n);

/** A full CRL of everything its issuer revoked (RFC 5280, 5.1), signed; by serial number. @throws what {@link signDer} throws. */
export function writeCrl(content: CrlContent, signer: Signer): Promise<Buffer> {
  const { issuer, issuerKey, number, thisUpdate, nextUpdate } = content;
  const entries = [...content.entries].sort((one, other) => compareHex(one.serial, other.serial)).map(writeEntry);
  return signDer(signer, (algorithm) =>
    sequence(
      VERSION_2,
      algorithm,
      issuer,
      time(thisUpdate),
      time(nextUpdate),
      // Absent where there are none (RFC 5280, 5.1.2.6).
      ...(entries.length === 0 ? [] : [sequence(Buffer.concat(entries))]),
      constructed(
        0,
        sequence(authorityKeyIdentifier(issuerKey), crlNumber(number), keepsExpiredSince(content.keepsExpiredSince)),
      ),
    ),
  );
}

function writeEntry({ serial, revokedAt, reason, invalidFrom }: CrlEntry): Buffer {
  const extensions = [
    ...(reason === 'unspecified' ? [] : [extension('2.5.29.21', enumerated(REVOCATION_REASONS[reason]))]),
    ...(invalidFrom === undefined ? [] : [extension('2.5.29.24', generalizedTime(invalidFrom))]),
  ];
  return sequence(integer(BigInt(`0x${serial}`)), time(revokedAt), ...(extensions.length === 0 ? [] : [sequence(...extensions)]));
}

function compareHex(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
