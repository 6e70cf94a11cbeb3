/** A DER element of these parts, shorter than 64 KiB. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
}

/** The DER INTEGER of an unsigned number, big-endian. */
export function unsignedInteger(number: Uint8Array): Buffer {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const shortest = number.subarray(start);
  return element(0x02, (shortest[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), shortest);
}
