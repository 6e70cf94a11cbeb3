/** Reads the fields of a binary SSH structure one after the other (RFC 4251, 5). What does not fit ends in `fail`. */
export type SshReader = {
  byte(): number;
  uint32(): number;
  /** A string: its bytes. */
  string(): Buffer;
  /** A string of printable ASCII, which may be empty. */
  text(): string;
  /** A positive integer in its one encoding: its big-endian bytes without a leading zero. */
  positive(): Buffer;
  /** Nothing may follow. */
  end(): void;
};

/** @param fail says what is wrong, and never returns. */
export function sshReader(bytes: Uint8Array, fail: (why: string) => never): SshReader {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > from.length - at) fail('is cut short');
    at += length;
    return from.subarray(at - length, at);
  };
  const string = (): Buffer => take(take(4).readUInt32BE());
  return {
    byte: () => take(1).readUInt8(),
    uint32: () => take(4).readUInt32BE(),
    string,
    text() {
      const text = string().toString('latin1');
      return /^[\x20-\x7e]*$/.test(text) ? text : fail('has a name that is not ASCII');
    },
    positive() {
      const number = string();
      const [first = 0, second = 0] = number;
      if (first >= 0x80) fail('has a negative number');
      if (first === 0 && second < 0x80) fail('has a number that is not in its one form');
      return first === 0 ? number.subarray(1) : number;
    },
    end() {
      if (at < from.length) fail(`has ${from.length - at} bytes too many`);
    },
  };
}

/** A string as it is written: its length, then its bytes. */
export function sshString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
