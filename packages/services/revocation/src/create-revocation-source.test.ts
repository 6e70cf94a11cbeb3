import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificate, type RevocationStatus, SignwrightError } from '@signwright/signing-core';
import {
  basicConstraints,
  crlDistributionPoints,
  keyUsage,
  LEAF_PROFILE,
  ocspAccess,
  type TestCertificate,
  type TestCrlSpec,
  testAuthority,
  testCertificate,
  testCrl,
  testOcspResponse,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CheckedSource, createRevocationSource, type RevocationOptions } from './index.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-06-01T12:00:00Z');
const at = (hours: number): Date => new Date(NOON + hours * HOUR);

const authority = testAuthority();
const ISSUER = parseCertificate(authority.ca.der);
const OTHER = testCertificate({ subject: 'other CA', extensions: [basicConstraints(true), keyUsage(0x06)] });

let directory: string;
let server: Server;
let base: string;
let asked: string[];
let answers: Map<string, (body: Buffer) => Buffer | number | Promise<Buffer | number>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signwright-revocation-'));
  asked = [];
  answers = new Map();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      asked.push(path);
      void Promise.resolve(answers.get(path)?.(Buffer.concat(chunks)) ?? 404).then((answer) =>
        typeof answer === 'number' ? response.writeHead(answer).end() : response.end(answer),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

type Naming = { readonly crl?: string; readonly ocsp?: string };
function leaf({ crl, ocsp }: Naming = {}): TestCertificate {
  const extensions = [
    ...LEAF_PROFILE,
    ...(crl === undefined ? [] : [crlDistributionPoints(`${base}${crl}`)]),
    ...(ocsp === undefined ? [] : [ocspAccess(`${base}${ocsp}`)]),
  ];
  return testCertificate({ subject: `leaf ${randomBytes(4).toString('hex')}`, issuer: authority.ca, extensions });
}

/** A clock that nobody sets, which a test moves. */
let passed = 0;
function source(more: Partial<RevocationOptions> = {}): CheckedSource {
  passed = 0;
  return createRevocationSource({
    cacheDirectory: join(directory, 'cache'),
    issuers: [authority.root, authority.ca, authority.tsaRoot].map(({ der }) => parseCertificate(der)),
    crls: [],
    allowPrivate: true,
    readFile: (path) =>
      readFile(path).catch(() => {
        throw new SignwrightError('unreachable', `${path} cannot be read`);
      }),
    elapsed: () => passed,
    ...more,
  });
}
const ask = (from: CheckedSource, certificate: TestCertificate, hours = 0): Promise<RevocationStatus> => {
  passed = Math.max(passed, hours * HOUR);
  return from.status(parseCertificate(certificate.der), ISSUER, NOON + hours * HOUR);
};
/** A CRL from an hour before noon, for 30 hours, unless told: due from 20 hours on, so from 19 after noon. */
const crlOf = (spec: TestCrlSpec = {}): Buffer =>
  testCrl(authority.ca, { thisUpdate: at(-1), nextUpdate: at(29), number: 5, ...spec });
const revoking = (one: TestCertificate, spec: TestCrlSpec = {}): Buffer =>
  crlOf({ revoked: [{ serialNumber: one.serialNumber, reason: 1, revokedAt: at(-2) }], ...spec });
const why = (status: RevocationStatus): string => (status.status === 'unknown' ? status.why : status.status);

describe('a CRL that a certificate names', () => {
  test('says whether it is revoked', async () => {
    const [good, bad] = [leaf({ crl: '/ca.crl' }), leaf({ crl: '/ca.crl' })];
    answers.set('/ca.crl', () => revoking(bad));
    const from = source();
    expect(await ask(from, good)).toEqual({ status: 'good', asOf: +at(-1), by: `the CRL ${base}/ca.crl` });
    expect(await ask(from, bad)).toMatchObject({ status: 'revoked', reason: 'keyCompromise', revokedAt: +at(-2) });
    expect(asked).toEqual(['/ca.crl']);
  });

  test('may be PEM', async () => {
    const der = crlOf()
      .toString('base64')
      .replaceAll(/(.{64})/g, '$1\n');
    answers.set('/ca.crl', () => Buffer.from(`-----BEGIN X509 CRL-----\n${der}\n-----END X509 CRL-----\n`));
    expect(await ask(source(), leaf({ crl: '/ca.crl' }))).toMatchObject({ status: 'good' });
  });

  test('is fetched once for all who wait, and once for those who come later', async () => {
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    answers.set('/ca.crl', async () => {
      await waiting;
      return crlOf();
    });
    const from = source();
    const all = Array.from({ length: 50 }, () => ask(from, leaf({ crl: '/ca.crl' })));
    setTimeout(release, 50);
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set(['good']));
    expect(await ask(from, leaf({ crl: '/ca.crl' }), 10)).toMatchObject({ status: 'good' });
    expect(await ask(source(), leaf({ crl: '/ca.crl' }), 10)).toMatchObject({ status: 'good' });
    expect(asked).toHaveLength(1);
  });

  test('many processes may share its cache', async () => {
    answers.set('/ca.crl', () => crlOf());
    const all = Array.from({ length: 50 }, () => ask(source(), leaf({ crl: '/ca.crl' })));
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set(['good']));
    expect((await readdir(join(directory, 'cache'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    asked = [];
    expect(await ask(source(), leaf({ crl: '/ca.crl' }))).toMatchObject({ status: 'good' });
    expect(asked).toEqual([]);
  });

  test('is asked for anew from two thirds of its life on, and the one before counts until it ends', async () => {
    const certificate = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf());
    const from = source();
    await ask(from, certificate);
    answers.set('/ca.crl', () => 500);
    expect(await ask(from, certificate, 18.9)).toMatchObject({ status: 'good' });
    expect(asked).toHaveLength(1);
    expect(await ask(from, certificate, 19.1)).toMatchObject({ status: 'good' });
    expect(asked.length).toBeGreaterThan(1);
    expect(await ask(from, certificate, 28.9)).toMatchObject({ status: 'good' });
    const late = await ask(from, certificate, 29.1);
    expect(why(late)).toMatch(/it is stale: its next update was due 2026-06-02T17:00:00\.000Z; .* is broken \(500\)/);
    answers.set('/ca.crl', () => crlOf({ thisUpdate: at(29), nextUpdate: at(59), number: 6 }));
    expect(await ask(from, certificate, 29.2)).toMatchObject({ status: 'good', asOf: +at(29) });
  });

  test('that fails is not asked for again within a minute', async () => {
    const from = source();
    answers.set('/ca.crl', () => 403);
    for (const minutes of [0, 0.5, 0.9]) expect((await ask(from, leaf({ crl: '/ca.crl' }), minutes / 60)).status).toBe('unknown');
    expect(asked).toHaveLength(1);
    answers.set('/ca.crl', () => crlOf());
    expect(await ask(from, leaf({ crl: '/ca.crl' }), 1.1 / 60)).toMatchObject({ status: 'good' });
  });

  test('counts no longer than max-age lets it, and is asked for anew in time', async () => {
    const certificate = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf());
    const from = source({ maxAge: 3 * 3600 });
    expect(await ask(from, certificate)).toMatchObject({ status: 'good' });
    expect(await ask(from, certificate, 0.9)).toMatchObject({ status: 'good' });
    expect(asked).toHaveLength(1);
    expect(await ask(from, certificate, 1.1)).toMatchObject({ status: 'good' });
    expect(asked).toHaveLength(2);
    expect(why(await ask(from, certificate, 2.1))).toContain('older than max-age allows');
  });

  test.each([
    ['of the future', () => crlOf({ thisUpdate: at(1), nextUpdate: at(29) }), 'it is of the future'],
    ['stale', () => crlOf({ thisUpdate: at(-20), nextUpdate: at(-1) }), 'it is stale'],
    ['of another issuer', () => testCrl(OTHER, { thisUpdate: at(-1) }), 'of an issuer that the trust root does not list'],
    ['of another CA of the trust root', () => testCrl(authority.tsaRoot, { thisUpdate: at(-1) }), 'is of another issuer'],
    ['signed by another key', () => crlOf({ signedWith: OTHER.keys.privateKey }), 'did not sign it'],
    ['without a nextUpdate', () => crlOf({ nextUpdate: null }), 'does not say when the next one comes'],
    [
      'a delta CRL',
      () => crlOf({ extensions: [{ oid: '2.5.29.27', value: Buffer.from([2, 1, 1]), critical: true }] }),
      'it is a delta CRL',
    ],
    ['no CRL', () => Buffer.from('<html>'), 'cannot be read'],
    ['nothing', () => Buffer.alloc(0), 'cannot be read'],
    ['half a CRL', () => crlOf().subarray(0, 100), 'cannot be read'],
    ['damaged', () => flipped(crlOf()), 'did not sign it'],
    ['two PEM blocks', () => Buffer.from('-----BEGIN X509 CRL-----\n-\n-----END X509 CRL-----'), 'not one PEM block'],
    ['missing', () => 404, 'there is nothing at http'],
    ['behind a login', () => 401, 'wants a login'],
    ['elsewhere', () => 302, 'redirects elsewhere'],
  ])('that is %s says nothing', async (_, answer, says) => {
    answers.set('/ca.crl', answer);
    expect(why(await ask(source(), leaf({ crl: '/ca.crl' })))).toContain(says);
  });

  test('of more than 32 MiB is not read to its end', async () => {
    answers.set('/ca.crl', () => Buffer.alloc(32 * 1024 * 1024 + 1, 0x30));
    expect(why(await ask(source(), leaf({ crl: '/ca.crl' })))).toContain('larger than 33554432 bytes');
  });

  test('is not asked for in private networks unless that is allowed', async () => {
    answers.set('/ca.crl', () => crlOf());
    expect(why(await ask(source({ allowPrivate: false }), leaf({ crl: '/ca.crl' })))).toContain('not a public address');
    expect(asked).toEqual([]);
  });

  test('of an issuer that signed a newer one before is refused, in this process and the next', async () => {
    const [good, bad] = [leaf({ crl: '/ca.crl' }), leaf({ crl: '/ca.crl' })];
    const elsewhere = testCertificate({
      subject: 'elsewhere',
      issuer: authority.ca,
      extensions: [...LEAF_PROFILE, crlDistributionPoints(`${base}/mirror.crl`)],
    });
    answers.set('/ca.crl', () => revoking(bad, { number: 7, thisUpdate: at(0) }));
    answers.set('/mirror.crl', () => crlOf({ number: 6 }));
    const from = source();
    expect(await ask(from, good)).toMatchObject({ status: 'good' });
    for (const later of [from, source()])
      expect(why(await ask(later, elsewhere))).toContain('its issuer has signed a newer one already (number 6 after 7)');
    answers.set('/mirror.crl', () => crlOf({ number: 8, thisUpdate: at(-1) }));
    expect(why(await ask(source(), elsewhere))).toContain('its issuer has signed a newer one already');
    answers.set('/mirror.crl', () => crlOf({ number: 8, thisUpdate: at(0) }));
    expect(await ask(source(), elsewhere)).toMatchObject({ status: 'good' });
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
  return copy;
}

describe('what is kept', () => {
  const kept = async (): Promise<string[]> =>
    (await readdir(join(directory, 'cache'))).map((name) => join(directory, 'cache', name));

  test('is verified again: what somebody put there is not believed', async () => {
    const bad = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => revoking(bad));
    await ask(source(), bad);
    const forgeries = [
      crlOf({ signedWith: OTHER.keys.privateKey }),
      testCrl(OTHER, { thisUpdate: at(-1), nextUpdate: at(29) }),
      flipped(crlOf()),
      Buffer.from('nonsense'),
      Buffer.alloc(0),
    ];
    for (const forged of forgeries) {
      for (const file of await kept()) await writeFile(file, forged);
      expect(await ask(source(), bad)).toMatchObject({ status: 'revoked' });
    }
    expect(asked).toHaveLength(1 + forgeries.length);
  });

  test('an earlier CRL that somebody put back there is not believed', async () => {
    const bad = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf({ number: 5, nextUpdate: at(100) }));
    expect(await ask(source(), bad)).toMatchObject({ status: 'good' });
    const earlier = new Map(await Promise.all((await kept()).map(async (file) => [file, await readFile(file)] as const)));
    for (const [file, bytes] of earlier) if (bytes[0] === 0x30) await rm(file);
    answers.set('/ca.crl', () => revoking(bad, { number: 6, thisUpdate: at(19) }));
    expect(await ask(source(), bad, 19.5)).toMatchObject({ status: 'revoked' });
    const crls = [...earlier].filter(([, bytes]) => bytes[0] === 0x30);
    expect(crls).toHaveLength(1);
    for (const [file, bytes] of crls) await writeFile(file, bytes);
    expect(await ask(source(), bad, 20)).toMatchObject({ status: 'revoked' });
  });

  test.skipIf(process.platform === 'win32')('is no pipe, which nobody would ever write to', async () => {
    const good = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf());
    await ask(source(), good);
    for (const path of await kept()) {
      await rm(path);
      execFileSync('mkfifo', [path]);
    }
    expect(await ask(source(), good)).toMatchObject({ status: 'good' });
  });

  test('is not needed: where nothing can be written everything is asked for', async () => {
    await writeFile(join(directory, 'file'), '');
    answers.set('/ca.crl', () => crlOf());
    expect(await ask(source({ cacheDirectory: join(directory, 'file', 'cache') }), leaf({ crl: '/ca.crl' }))).toMatchObject({
      status: 'good',
    });
  });
});

describe('a CRL that is a file', () => {
  test('is read anew by every process: what is revoked there counts at once', async () => {
    const certificate = leaf();
    const file = join(directory, 'ca.crl');
    await writeFile(file, crlOf({ number: 5 }));
    expect(await ask(source({ crls: [file] }), certificate)).toMatchObject({ status: 'good' });
    await writeFile(file, revoking(certificate, { number: 6, thisUpdate: at(0) }));
    expect(await ask(source({ crls: [file] }), certificate)).toMatchObject({ status: 'revoked' });
    await writeFile(file, crlOf({ number: 5 }));
    expect(why(await ask(source({ crls: [file] }), certificate))).toContain('its issuer has signed a newer one already');
    await rm(file);
    expect((await ask(source({ crls: [file] }), certificate)).status).toBe('unknown');
  });

  test('is looked at again after a minute by a process that goes on', async () => {
    const certificate = leaf();
    const file = join(directory, 'ca.crl');
    await writeFile(file, crlOf({ number: 5 }));
    const from = source({ crls: [file] });
    expect(await ask(from, certificate)).toMatchObject({ status: 'good' });
    await writeFile(file, revoking(certificate, { number: 6, thisUpdate: at(0) }));
    expect(await ask(from, certificate, 1.1 / 60)).toMatchObject({ status: 'revoked' });
  });
});

describe('a clock', () => {
  test('that is set back makes no stale answer count', async () => {
    const certificate = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf());
    const from = source();
    expect(await ask(from, certificate)).toMatchObject({ status: 'good' });
    answers.set('/ca.crl', () => 500);
    passed = 40 * HOUR;
    expect(why(await from.status(parseCertificate(certificate.der), ISSUER, NOON + HOUR))).toContain('it is stale');
  });

  test('that jumps ahead makes nothing count, and does no lasting harm', async () => {
    const certificate = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf());
    const from = source();
    const year = NOON + 365 * 24 * HOUR;
    expect((await from.status(parseCertificate(certificate.der), ISSUER, year)).status).toBe('unknown');
    passed = 2 * 60_000;
    expect(await createdAfresh(certificate)).toMatchObject({ status: 'good' });
  });

  test('of a CA that was ahead once does no lasting harm', async () => {
    const certificate = leaf({ crl: '/ca.crl' });
    answers.set('/ca.crl', () => crlOf({ number: 6, thisUpdate: at(1000), nextUpdate: at(1030) }));
    const from = source();
    expect(why(await ask(from, certificate))).toContain('it is of the future');
    answers.set('/ca.crl', () => crlOf({ number: 7 }));
    expect(await createdAfresh(certificate)).toMatchObject({ status: 'good' });
    expect(await ask(from, certificate, 1)).toMatchObject({ status: 'good' });
  });

  const createdAfresh = (certificate: TestCertificate): Promise<RevocationStatus> => ask(source(), certificate);
});

describe('an OCSP responder that a certificate names', () => {
  const answer = (certificate: TestCertificate, more: object = {}): Buffer =>
    testOcspResponse(authority.ca, [{ certificate, thisUpdate: at(-1), nextUpdate: at(29), ...more }], { producedAt: at(-1) });

  test('is asked before any CRL it names', async () => {
    const certificate = leaf({ ocsp: '/ocsp', crl: '/ca.crl' });
    answers.set('/ocsp', () => answer(certificate));
    answers.set('/ca.crl', () => crlOf());
    expect(await ask(source(), certificate)).toEqual({
      status: 'good',
      asOf: +at(-1),
      by: `the OCSP responder ${base}/ocsp`,
    });
    expect(asked).toEqual(['/ocsp']);
  });

  test('says that it is revoked, and that is never taken back', async () => {
    const certificate = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () => answer(certificate, { said: { revokedAt: at(-2), reason: 1 } }));
    expect(await ask(source(), certificate)).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
    answers.set('/ocsp', () => answer(certificate));
    expect(await ask(source(), certificate, 40)).toMatchObject({ status: 'revoked' });
    expect(asked).toHaveLength(1);
  });

  test('is asked again from two thirds of the life of its answer on; that counts until it ends', async () => {
    const certificate = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () => answer(certificate));
    const from = source();
    await ask(from, certificate);
    answers.set('/ocsp', () => 500);
    expect(await ask(from, certificate, 18.9)).toMatchObject({ status: 'good' });
    expect(asked).toHaveLength(1);
    expect(await ask(from, certificate, 19.1)).toMatchObject({ status: 'good' });
    expect(asked.length).toBeGreaterThan(1);
    expect(await ask(from, certificate, 28.9)).toMatchObject({ status: 'good' });
    expect(why(await ask(from, certificate, 29.1))).toContain('is broken (500)');
  });

  test('that gives an old answer again is refused', async () => {
    const certificate = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () => answer(certificate, { thisUpdate: at(18), nextUpdate: at(20) }));
    expect(await ask(source(), certificate, 18.1)).toMatchObject({ status: 'good', asOf: +at(18) });
    answers.set('/ocsp', () => answer(certificate));
    expect(await ask(source(), certificate, 19.9)).toMatchObject({ status: 'good', asOf: +at(18) });
    expect(why(await ask(source(), certificate, 20.1))).toContain('older than one it gave before');
  });

  test('that replays an answer to another request is refused', async () => {
    const certificate = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () =>
      testOcspResponse(authority.ca, [{ certificate, thisUpdate: at(-1), nextUpdate: at(1) }], {
        producedAt: at(-1),
        nonce: Buffer.alloc(32, 7),
      }),
    );
    expect(why(await ask(source(), certificate))).toContain('its nonce is not the one that was sent');
  });

  test.each([
    ['down', () => 503, 'is broken (503)'],
    ['silent on it', (one: TestCertificate) => answer(one, { said: 'unknown' }), 'does not know the certificate'],
    ['busy', () => testOcspResponse(authority.ca, [], { status: 3 }), 'try later'],
    ['about another', () => answer(leaf()), 'about another certificate'],
    [
      'somebody else',
      (one: TestCertificate) => testOcspResponse(OTHER, [{ certificate: one, issuer: authority.ca }]),
      'does not count',
    ],
    ['too talkative', () => Buffer.alloc(20_481, 0x30), 'larger than 20480 bytes'],
  ])('that is %s leaves it to the CRL', async (_, answered, says) => {
    const alone = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () => answered(alone));
    expect(why(await ask(source(), alone))).toContain(says);
    const certificate = leaf({ ocsp: '/other', crl: '/ca.crl' });
    answers.set('/other', () => answered(certificate));
    answers.set('/ca.crl', () => revoking(certificate));
    expect(await ask(source(), certificate)).toMatchObject({ status: 'revoked' });
  });
});

describe('a CRL that the policy gives', () => {
  const given = async (bytes: Buffer, name = 'given.crl'): Promise<string> => {
    await writeFile(join(directory, name), bytes);
    return join(directory, name);
  };

  test('tells of certificates that name nobody', async () => {
    const [good, bad] = [leaf(), leaf()];
    const from = source({ crls: [await given(revoking(bad))] });
    expect(await ask(from, good)).toMatchObject({ status: 'good' });
    expect(await ask(from, bad)).toMatchObject({ status: 'revoked' });
  });

  test('outweighs a responder that says it is good', async () => {
    const certificate = leaf({ ocsp: '/ocsp' });
    answers.set('/ocsp', () => testOcspResponse(authority.ca, [{ certificate, thisUpdate: at(-1), nextUpdate: at(1) }]));
    expect(await ask(source({ crls: [await given(revoking(certificate))] }), certificate)).toMatchObject({ status: 'revoked' });
  });

  test('says that one is revoked whose own places nobody can read', async () => {
    const places = { oid: '2.5.29.31', value: Buffer.from('ff', 'hex') };
    const bad = testCertificate({ subject: 'bad', issuer: authority.ca, extensions: [...LEAF_PROFILE, places] });
    expect(await ask(source(), bad)).toMatchObject({ status: 'unknown' });
    expect(await ask(source({ crls: [await given(revoking(bad))] }), bad)).toMatchObject({ status: 'revoked' });
  });

  test('of another issuer tells nothing, and nobody else would', async () => {
    const other = await given(testCrl(authority.root, { thisUpdate: at(-1) }));
    expect(await ask(source({ crls: [other] }), leaf())).toMatchObject({ status: 'unknown', nobody: true });
    expect(await ask(source(), leaf())).toMatchObject({ status: 'unknown', nobody: true });
  });

  test('that is not there may have told: then it is not known that nobody would', async () => {
    const status = await ask(source({ crls: [`${base}/missing.crl`] }), leaf());
    expect(status).toMatchObject({ status: 'unknown' });
    expect(status).not.toHaveProperty('nobody');
  });

  test('is looked at by itself: by whom, and until when', async () => {
    const place = await given(crlOf());
    const { signed } = await source({ crls: [place] }).crl(place, NOON);
    expect([signed?.issuer.subjectText, signed?.crl.nextUpdate]).toEqual(['CN=test CA', +at(29)]);
    expect(await source().crl(`${base}/missing.crl`, NOON)).toMatchObject({
      why: expect.stringContaining('there is nothing at'),
    });
  });
});
