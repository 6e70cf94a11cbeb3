import { hexOf, type Sha256 } from '@signwright/signing-core';
import { headerOf, paddingOf } from '../src/archive/ustar.ts';

/** Offsets of an archive's members by name, with the bytes each takes. */
export function membersOf(tar: Buffer): Map<string, { at: number; length: number }> {
  const members = new Map<string, { at: number; length: number }>();
  for (let at = 0; tar[at] !== 0; ) {
    const size = Number.parseInt(tar.subarray(at + 124, at + 135).toString(), 8);
    const length = 512 + size + paddingOf(size);
    const name = tar.subarray(at, at + 100).toString();
    members.set(name.slice(0, name.indexOf('\0')), { at, length });
    at += length;
  }
  return members;
}

/** A member as an archive has it. */
export function memberOf(path: string, bytes: Uint8Array): Buffer {
  return Buffer.concat([headerOf(path, bytes.length), bytes, new Uint8Array(paddingOf(bytes.length))]);
}

/** Where a piece lies in an archive, and in a store. */
export function pathOf(id: Sha256): string {
  return `evidence/${hexOf(id).slice(0, 2)}/${hexOf(id).slice(2)}`;
}
