import { SignwrightError } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { parseS3Reference } from './reference.ts';

function refusalOf(reference: string): SignwrightError {
  try {
    parseS3Reference(reference);
  } catch (error) {
    if (error instanceof SignwrightError) return error;
  }
  throw new Error(`${reference} was read`);
}

describe('a reference to a store on S3', () => {
  test('names the bucket, and what else differs from the default', () => {
    expect(parseS3Reference('s3://acme-log')).toEqual({ bucket: 'acme-log', prefix: '', pathStyle: false });
    expect(
      parseS3Reference('s3://acme.log/team/Log_1?region=eu-central-1&endpoint=https://s3.acme.example:9000/&path-style=true'),
    ).toEqual({
      bucket: 'acme.log',
      prefix: 'team/Log_1',
      region: 'eu-central-1',
      endpoint: 'https://s3.acme.example:9000',
      pathStyle: true,
    });
  });

  test('has its prefix without slashes at the ends, so that two ways to write it are one store', () => {
    for (const prefix of ['log', '/log', 'log/', '//log//'])
      expect(parseS3Reference(`s3://acme-log/${prefix}`).prefix).toBe('log');
  });

  test.each(['a/../b', '..', './a', 'a//b', 'a/.git', 'a%2f..', 'a b', 'ä', 'a\\b', 'x'.repeat(401)])(
    'may not lead elsewhere or be ambiguous: %s',
    (prefix) => {
      expect(refusalOf(`s3://acme-log/${prefix}`).code).toBe('configuration');
    },
  );

  test.each([
    'ab',
    'x'.repeat(64),
    'Acme',
    'acme_log',
    '-acme',
    'acme-',
    'a..b',
    'a.-b',
    '192.168.5.4',
    'xn--acme',
    'acme-s3alias',
    'acme--x-s3',
    '',
  ])('names a bucket that can exist: not %j', (bucket) => {
    expect(refusalOf(`s3://${bucket}/log`).message).toContain('is not the name of a bucket');
  });

  test('reaches other machines by https alone', () => {
    for (const host of ['127.0.0.1:9000', 'localhost:9000', '[::1]:9000']) {
      expect(parseS3Reference(`s3://acme-log?endpoint=http://${host}`).endpoint).toBe(`http://${host}`);
    }
    for (const host of ['s3.acme.example', '10.0.0.1', '127.0.0.1.acme.example', 'localhost.acme.example', '[::2]']) {
      expect(refusalOf(`s3://acme-log?endpoint=http://${host}`).message).toContain('is not https');
    }
    expect(refusalOf('s3://acme-log?endpoint=ftp://acme.example').message).toContain('is not https');
    expect(refusalOf('s3://acme-log?endpoint=acme.example').message).toContain('is not a URL');
  });

  test('carries no credentials, and does not repeat those it was given', () => {
    for (const reference of ['s3://KEYID:hunter2@acme-log/log', 's3://acme-log?endpoint=https://KEYID:hunter2@acme.example']) {
      const refusal = refusalOf(reference);
      expect(refusal.code).toBe('configuration');
      expect(`${refusal.message} ${refusal.where} ${refusal.next}`).not.toMatch(/KEYID|hunter2/);
    }
  });

  test.each([
    ['an unknown parameter', 's3://acme-log?regoin=eu-central-1', 'no parameter "regoin"'],
    ['a credential as a parameter', 's3://acme-log?secret=hunter2', 'no parameter "secret"'],
    ['a parameter twice', 's3://acme-log?region=a&region=b', 'region twice'],
    ['an empty region', 's3://acme-log?region=', 'is no region'],
    ['a region that leads elsewhere', 's3://acme-log?region=x.acme.example/', 'is no region'],
    ['path-style as yes', 's3://acme-log?path-style=yes', 'true or false'],
    ['an endpoint with a path', 's3://acme-log?endpoint=https://acme.example/s3', 'more than a host'],
    ['a fragment', 's3://acme-log#log', 'not written as one'],
    ['another scheme', 'https://acme-log', 'not written as one'],
    ['a line break', 's3://acme-log/a\nb', 'not written as one'],
  ])('is refused with %s', (_, reference, message) => {
    const refusal = refusalOf(reference);
    expect(refusal).toMatchObject({ code: 'configuration' });
    expect(refusal.message).toContain(message);
    expect(refusal.message).not.toContain('hunter2');
  });
});
