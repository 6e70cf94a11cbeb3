import type { AwsKmsReference, SignwrightError } from '@signwright/signing-core';
import { parseKeyReference } from '@signwright/signing-core';
import { type AwsKmsFault, type FakeAwsKms, startFakeAwsKms, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsKmsSigner } from './index.ts';

let fake: FakeAwsKms;
beforeEach(async () => {
  fake = await startFakeAwsKms();
  fake.setAlias('alias/x', fake.addKey(testKeys()));
  const environment = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-2',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

async function failure(text = `awskms://${fake.host}/alias/x`): Promise<SignwrightError> {
  return createAwsKmsSigner(parseKeyReference(text) as AwsKmsReference, { deadlineMs: 5_000 }).then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );
}

describe('what AWS KMS answers is explained:', () => {
  test.each([
    [
      'KMSInvalidStateException',
      'arn:aws:kms:us-east-2:1:key/1 is pending deletion.',
      'configuration',
      /state does not allow it: pending deletion/,
      1,
    ],
    ['KMSInvalidStateException', 'the custom key store is odd', 'configuration', /state does not allow it \(/, 1],
    ['InvalidKeyUsageException', 'no', 'configuration', /does not sign/, 1],
    ['UnsupportedOperationException', 'no', 'configuration', /does not sign/, 1],
    ['ValidationException', 'no', 'configuration', /does not accept the request/, 1],
    [
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'configuration',
      /credentials are not accepted/,
      1,
    ],
    ['IncompleteSignature', 'no', 'configuration', /credentials are not accepted/, 1],
    [
      'InvalidSignatureException',
      'The request signature we calculated does not match',
      'configuration',
      /credentials are not accepted/,
      1,
    ],
    [
      'InvalidSignatureException',
      'Signature expired: 20261101T000000Z is now earlier than 20261101T000500Z',
      'configuration',
      /clock/,
      1,
    ],
    ['InvalidSignatureException', 'Signature not yet current: 20261101T000000Z', 'configuration', /clock/, 1],
    ['RequestExpired', 'no', 'configuration', /clock/, 1],
    [
      'ExpiredTokenException',
      'The security token included in the request is expired',
      'configuration',
      /credentials have expired/,
      1,
    ],
    ['LimitExceededException', 'no', 'unreachable', /throttled/, 5],
    ['TooManyRequestsException', 'no', 'unreachable', /throttled/, 5],
    ['KeyUnavailableException', 'no', 'unreachable', /could not use the key/, 5],
    ['DependencyTimeoutException', 'no', 'unreachable', /could not use the key/, 5],
    ['SomethingNewException', 'no', 'configuration', /does not accept the request \(SomethingNewException, request /, 1],
  ] as const)('%s (%s) is %s', async (type, message, code, told, tries) => {
    fake.fault = () => ({ status: /Unavailable|Dependency/.test(type) ? 500 : 400, type, message });
    const error = await failure();
    expect(error).toMatchObject({ code, message: expect.stringMatching(told), where: `awskms://${fake.host}/alias/x` });
    expect(error.next).toMatch(/./);
    expect(fake.requests).toHaveLength(tries);
  });

  test('a denial that also stands for a key which is not there says both', async () => {
    const message =
      'User: arn:aws:iam::111122223333:user/ci is not authorized to perform: kms:GetPublicKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
    fake.fault = () => ({ status: 400, type: 'AccessDeniedException', message });
    expect(await failure()).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(
        /^arn:aws:iam::111122223333:user\/ci may not do kms:GetPublicKey .* or there is no such key in us-east-2/,
      ),
    });
  });

  test.each([
    [
      'a page of a proxy in place of an answer',
      { status: 502, type: '', body: '<html>Bad gateway</html>' },
      /is broken \(HTTP502/,
    ],
    ['too many requests, said by what stands before it', { status: 429, type: '', body: '' }, /throttled/],
    ['a connection that is closed', 'drop' as const, /did not answer/],
  ] satisfies [string, AwsKmsFault, RegExp][])('%s is unreachable', async (_, fault, message) => {
    fake.fault = () => fault;
    expect(await failure()).toMatchObject({ code: 'unreachable', message: expect.stringMatching(message) });
  });
});

describe('before AWS KMS is asked', () => {
  test('a region that nobody says is missed, and what would say it is named', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_DEFAULT_REGION', undefined);
    expect(await failure()).toMatchObject({
      code: 'configuration',
      message: /region of the key is not known/,
      next: expect.stringMatching(/\?region=.*AWS_REGION/),
    });
  });

  test('credentials that nothing gives are missed, and what would give them is named', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    expect(await failure()).toMatchObject({
      code: 'configuration',
      message: /no credentials for AWS/,
      next: expect.stringContaining('AWS_WEB_IDENTITY_TOKEN_FILE'),
    });
  });

  test('an endpoint on this machine may be plain http', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_KMS', `http://${fake.host}`);
    const reference = parseKeyReference('awskms:///alias/x') as AwsKmsReference;
    expect((await (await createAwsKmsSigner(reference, testKeys())).publicKey()).equals(testKeys().publicKey)).toBe(true);
  });
});
