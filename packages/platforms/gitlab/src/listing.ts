import { type EvidenceItem, hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';

/** A file that lists some evidence, as one `put` writes it: its name is the SHA-256 of its bytes, in hex. */
export type Listing = { readonly version: string; readonly name: string; readonly bytes: Uint8Array };

/** A listing's lines are about subjects whose digests begin with its version: two hex digits for few of them, else one. */
const FEW = 16;
const LINE = /^[0-9a-f]{64} [0-9a-f]{64}$/;

/** The listings of one `put`: 16 files at the most, however many subjects. */
export function listingsOf(items: readonly EvidenceItem[], ids: readonly Sha256[]): readonly Listing[] {
  const lines = new Set<string>();
  for (const [index, { subjects }] of items.entries()) {
    for (const subject of subjects) lines.add(`${hexOf(subject)} ${hexOf(ids[index] as Sha256)}\n`);
  }
  const digits = lines.size <= FEW ? 2 : 1;
  const byVersion = new Map<string, string[]>();
  for (const line of [...lines].sort()) {
    const version = line.slice(0, digits);
    const within = byVersion.get(version);
    if (within === undefined) byVersion.set(version, [line]);
    else within.push(line);
  }
  return Array.from(byVersion, ([version, within]) => {
    const bytes = Buffer.from(within.join(''), 'latin1');
    return { version, bytes, name: hexOf(sha256(bytes)) };
  });
}

/** The versions that may list a subject. */
export function versionsOf(subject: Sha256): readonly string[] {
  return [hexOf(subject).slice(0, 1), hexOf(subject).slice(0, 2)];
}

/** Reads a listing. @throws SignwrightError `unreachable` where its bytes are not what its name says, or it is none. */
export function readListing({ version, name, bytes }: Listing, where: string): readonly { subject: Sha256; id: Sha256 }[] {
  const damaged = (what: string): SignwrightError =>
    new SignwrightError('unreachable', `the listing ${version}/${name} of evidence ${what}`, {
      where,
      next: 'delete that file from the package and put the evidence again; what it said cannot be told',
    });
  if (hexOf(sha256(bytes)) !== name) throw damaged('came back as other bytes than were stored');
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  if (lines.pop() !== '') throw damaged('does not end with a line');
  let previous = '';
  return lines.map((line) => {
    if (line <= previous || !line.startsWith(version) || !LINE.test(line)) throw damaged('has other lines than it may have');
    previous = line;
    return { subject: `sha256:${line.slice(0, 64)}`, id: `sha256:${line.slice(65)}` };
  });
}
