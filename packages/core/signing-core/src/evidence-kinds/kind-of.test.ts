import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kindOf } from './kind-of.ts';

test.each([
  ['a C2SP proof', 'c2sp.org/tlog-proof@v1\nindex 1\n\nlog\n', 'record-proof'],
  ['a proof of another version', 'c2sp.org/tlog-proof@v2\nindex 1\n', 'unknown'],
  ['a proof after an empty line', '\nc2sp.org/tlog-proof@v1\nindex 1\n', 'unknown'],
  ['a proof with a Windows line end', 'c2sp.org/tlog-proof@v1\r\nindex 1\n', 'unknown'],
  ['a bundle', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}', 'bundle'],
  ['an indented bundle', '\n  {\n "mediaType": "x"}', 'bundle'],
  ['a JSON object that ends as a receipt does', '{"a":1,"type":"https://signwright.dev/receipt/v1"}', 'bundle'],
  ['a receipt with its type first', '{"type":"https://signwright.dev/receipt/v1","evidence":"sha256:"}', 'bundle'],
  ['a receipt with a line end', '{"evidence":"sha256:x","type":"https://signwright.dev/receipt/v1"}\n', 'bundle'],
  [
    'a gate with a line end',
    `{"request":"sha256:${'a'.repeat(64)}","type":"https://signwright.dev/gate/v1","url":"x"}\n`,
    'bundle',
  ],
  ['what lies about its end', '{"evidence":"sha256:x"}', 'bundle'],
  ['a list', '[{}]', 'unknown'],
  ['text', 'hello', 'unknown'],
  ['a byte order mark and JSON', '\ufeff{}', 'unknown'],
  ['white space', ' '.repeat(1000), 'unknown'],
  ['a DER SEQUENCE of another to its end', '\x30\x02\x30\x00', 'crl'],
  ['a DER SEQUENCE with something behind it', '\x30\x02\x30\x00\x00', 'unknown'],
  ['a DER SEQUENCE of a number', '\x30\x03\x02\x01\x00', 'unknown'],
  ['a DER SEQUENCE that is cut off', '\x30\x7f', 'unknown'],
  ['nothing', '', 'unknown'],
])('%s is told by its content', (_, content, kind) => {
  expect(kindOf(Buffer.from(content))).toBe(kind);
});

test('anything has a kind, without an error', () => {
  const kinds = ['bundle', 'record-proof', 'receipt', 'request', 'gate', 'policy-snapshot', 'crl', 'unknown'];
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(kinds).toContain(kindOf(bytes));
    }),
  );
});
