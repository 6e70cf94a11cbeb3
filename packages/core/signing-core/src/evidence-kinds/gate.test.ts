import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { readGate, writeGate } from './gate.ts';
import { kindOf } from './kind-of.ts';

const gate = { request: sha256('request'), url: 'https://gitlab.acme.example/acme/app/-/jobs/302' };
const written = writeGate(gate);
const changed = (change: (text: string) => string): Buffer => Buffer.from(change(written.toString()));
const withUrl = (url: string) => (): string =>
  JSON.stringify({ request: gate.request, type: 'https://signwright.dev/gate/v1', url });

describe('a gate', () => {
  test('is written as RFC 8785 and read back', () => {
    expect(written.toString()).toBe(
      `{"request":"${gate.request}","type":"https://signwright.dev/gate/v1","url":"https://gitlab.acme.example/acme/app/-/jobs/302"}`,
    );
    expect(readGate(written)).toEqual(gate);
    expect(kindOf(written)).toBe('gate');
  });

  test('of any request, server, path and build comes back as it was written, and is recognised', () => {
    const fields = fc.record({
      request: fc.string().map(sha256),
      url: fc
        .tuple(fc.domain(), fc.webPath(), fc.option(fc.nat()))
        .map(([host, path, build]) => `https://${host}${path}${build === null ? '' : `?buildId=${build}`}`)
        .map((url) => new URL(url).href)
        .filter((url) => url.length <= 1024),
    });
    fc.assert(
      fc.property(fields, (each) => {
        const bytes = writeGate(each);
        expect(readGate(bytes)).toEqual(each);
        expect(kindOf(bytes)).toBe('gate');
      }),
    );
  });

  test.each<[string, (text: string) => string]>([
    ['with a space', (text) => text.replace('","', '", "')],
    ['with a line end', (text) => `${text}\n`],
    ['with its type first', () => JSON.stringify({ type: 'https://signwright.dev/gate/v1', ...gate })],
    ['with an escaped letter', (text) => text.replace('gitlab', '\\u0067itlab')],
    ['with a key twice', (text) => text.replace('"type"', '"type":"x","type"')],
    ['with one more field', (text) => text.replace('}', ',"x":1}')],
    ['without a request', (text) => text.replace(`"request":"${gate.request}",`, '')],
    ['with upper-case digits', (text) => text.replace(gate.request, gate.request.toUpperCase())],
    ['of another version', (text) => text.replace('gate/v1', 'gate/v2')],
    ['that is nested', (text) => text.replace('"https://gitlab', '["https://gitlab').replace('302"', '302"]')],
    ['cut short', (text) => text.slice(0, -1)],
    ['that is nothing', () => ''],
    ['of plain http', withUrl('http://ci.acme.example/job/1')],
    ['of a program', withUrl('javascript:alert(1)')],
    ['of a file', withUrl('file:///etc/passwd')],
    ['of a user', withUrl('https://ann@ci.acme.example/job/1')],
    ['of a password', withUrl('https://ann:secret@ci.acme.example/job/1')],
    ['with a query', withUrl('https://ci.acme.example/job/1?token=secret')],
    ['with more than the number of a build', withUrl('https://ci.acme.example/?buildId=1&delete=1')],
    ['with a fragment', withUrl('https://ci.acme.example/job/1#x')],
    ['that is no address', withUrl('jobs/302')],
    ['with a host of another alphabet', withUrl('https://gitlаb.acme.example/1')],
    ['with a control character', withUrl('https://ci.acme.example/\u001b[2J')],
    ['with a line break', withUrl('https://ci.acme.example/\n1')],
    ['with a space in its address', withUrl('https://ci.acme.example/a b')],
    ['with an endless address', withUrl(`https://ci.acme.example/${'a'.repeat(1024)}`)],
  ])('%s is refused', (_, change) => {
    expect(changed(change)).not.toEqual(written);
    expect(() => readGate(changed(change))).toThrowError(
      expect.objectContaining({ name: 'SignwrightError', code: 'invalid-input' }),
    );
  });

  test('that could not be read back is not written', () => {
    expect(() => writeGate({ ...gate, url: 'http://ci.acme.example/job/1' })).toThrowError(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});
