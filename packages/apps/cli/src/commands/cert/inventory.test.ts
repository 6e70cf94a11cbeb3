import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createWorkspace, testCertificate, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const CERTIFICATES = `certificates:
  inventory: inventory
  authorities: { acme: { fulcio: https://fulcio.acme.example } }
  profiles: { ci: { purpose: ci, authority: acme, validity: 10m, owner: platform, workloads: [ci] } }
  alerts: [30d, 7d]
`;
const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
const digestOf = (der: Buffer): string => `sha256:${createHash('sha256').update(der).digest('hex')}`;
const days = (number: number): Date => new Date(Date.now() + number * 86_400_000);
const certificate = (subject: string, from: number, until: number): Buffer =>
  testCertificate({ subject, notBefore: days(from), notAfter: days(until) }).der;

const soon = certificate('soon', -60, 10.5);
const later = certificate('later', -1, 300);
const ended = certificate('ended', -60, -1);
/** What no CA should have certified. */
const hostile = certificate('=cmd|x"\u202e##vso[task.complete]', -1, 300);

type Listed = {
  total: number;
  findings: number;
  usage: { read: boolean; unlisted?: number; why?: string };
  certificates: { digest: string; status: string; findings: string[]; owner?: string; usage?: { signatures: number } }[];
};

async function listOf(here: Workspace, ...args: string[]): Promise<Listed> {
  const { stdout, stderr } = await here.run(['cert', 'list', '--output', 'json', ...args]);
  expect(stderr).not.toMatch(/^error/);
  return JSON.parse(stdout) as Listed;
}

describe('a list of certificates', () => {
  let here: Workspace;
  beforeAll(async () => {
    here = await createWorkspace({
      policy: trialPolicy('  - { match: "dist/**", tier: internal }', CERTIFICATES),
      files: { 'all.pem': [soon, later, ended, hostile].map(pemOf).join(''), 'one.der': soon },
    });
  });
  afterAll(() => here.remove());

  test('begins empty, and says so', async () => {
    const { status, stdout, stderr } = await here.run(['cert', 'list']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'none\n' });
    expect(stderr).toContain('nothing was ever written to the inventory');
  });

  test('takes what is imported, once however often', async () => {
    const first = await here.run(['cert', 'import', 'all.pem', 'one.der', '--purpose', 'terminals']);
    expect(first).toMatchObject({
      status: 0,
      stdout: /^4 certificates taken into .*inventory\n1 are in the files more than once, and were taken once\n$/,
    });
    // Each is kept itself, by its digest.
    expect(here.files('inventory/der')).toEqual(
      [soon, later, ended, hostile].map((der) => digestOf(der).replace(':', '-')).sort(),
    );
    const again = await here.run(['cert', 'import', 'all.pem']);
    expect(again).toMatchObject({ status: 0, stdout: /^0 certificates taken .*\n4 were known already\n$/ });
    expect(await listOf(here)).toMatchObject({ total: 4, findings: 4 });
  });

  test('is by status, end, and what is missing; findings are counted, and fail where they are to', async () => {
    expect((await listOf(here, '--status', 'expired')).certificates.map(({ digest }) => digest)).toEqual([digestOf(ended)]);
    expect((await listOf(here, '--expires-within', '11d')).certificates.map(({ digest }) => digest)).toEqual([digestOf(soon)]);
    expect((await listOf(here, '--expires-within', '10d')).total).toBe(0);
    expect((await listOf(here, '--without', 'owner')).total).toBe(4);
    expect((await listOf(here, '--without', 'purpose')).total).toBe(0);
    const strict = await here.run(['cert', 'list', '--fail-on-findings', '--status', 'valid']);
    expect(strict).toMatchObject({ status: 1, stderr: /3 of 3 have no owner or no purpose/ });
  });

  test('knows whose one is once somebody says so', async () => {
    const serial = /serial +([0-9a-f]+)/.exec((await here.run(['cert', 'show', 'one.der'])).stdout)?.[1] ?? '';
    const spelled = serial.toUpperCase().replace(/..(?=.)/g, '$&:');
    expect(await here.run(['cert', 'describe', spelled, '--owner', 'team-payments'])).toMatchObject({
      status: 0,
      stdout: `${digestOf(soon)}: described\n`,
    });
    expect(await here.run(['cert', 'describe', digestOf(soon), '--owner', 'team-payments'])).toMatchObject({
      status: 0,
      stdout: `${digestOf(soon)}: that was known\n`,
    });
    const shown = await here.run(['cert', 'show', digestOf(soon).slice(7), '--output', 'json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      owner: 'team-payments',
      purpose: 'terminals',
      findings: [],
      status: 'valid',
    });
    expect(await here.run(['cert', 'list', '--owner', 'team-payments', '--fail-on-findings'])).toMatchObject({ status: 0 });
  });

  test.each([
    [['show', 'ff'], 'the inventory has no certificate "ff"'],
    [['describe', 'one.der'], 'nothing is said of the certificate'],
    [['describe', 'one.der', '--owner', 'a\nb'], '--owner is no plain line'],
    [['import', 'all.pem', '--environment', 'moon'], 'the policy has no environment "moon"'],
    [['find'], 'nowhere to look'],
    [['list', '--usage'], 'the policy names no audit log'],
  ])('refuses %j', async (args, message) => {
    expect(await here.run(['cert', ...args])).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });

  test('goes out and comes back as CSV and JSON, and as OCSF', async () => {
    const other = await createWorkspace({ policy: trialPolicy('  - { match: "dist/**", tier: internal }', CERTIFICATES) });
    try {
      for (const format of ['csv', 'json', 'ocsf']) {
        const out = other.path(`list.${format}`);
        expect(await here.run(['cert', 'export', '--format', format, '--out', out])).toMatchObject({ status: 0, stdout: '' });
        expect((await here.run(['cert', 'export', '--format', format])).stdout.length).toBe(other.read(`list.${format}`).length);
      }
      expect(await other.run(['cert', 'import', 'list.csv'])).toMatchObject({ status: 0, stdout: /^4 certificates taken/ });
      expect(await other.run(['cert', 'import', 'list.json'])).toMatchObject({ status: 0, stdout: /4 were known already/ });
      const plain = ({ certificates }: Listed): object[] =>
        certificates.map((one) => ({ ...one, since: undefined, found: undefined }));
      expect(plain(await listOf(other))).toEqual(plain(await listOf(here)));
      const events = other.read('list.ocsf').trimEnd().split('\n');
      expect(events.map((line) => (JSON.parse(line) as { class_uid: number }).class_uid)).toEqual([3004, 3004, 3004, 3004]);
    } finally {
      other.remove();
    }
  });

  test('is no formula, no second line and no command, whatever a certificate says', async () => {
    for (const args of [['list'], ['list', '--export', 'csv'], ['list', '--export', 'json'], ['list', '--export', 'ocsf']]) {
      const { stdout } = await here.run(['cert', ...args]);
      expect(stdout).not.toMatch(/##vso|\u202e|(^|,)=cmd/m);
    }
  });

  test('takes nothing of a list of which one line is wrong, and says which', async () => {
    const { stdout } = await here.run(['cert', 'export']);
    const [header = '', ...rows] = stdout.trimEnd().split('\r\n');
    const fresh = (row: string): string => row.replace(/sha256:[0-9a-f]{64}/, () => `sha256:${randomBytes(32).toString('hex')}`);
    const good = fresh(rows[0] ?? '').replace(/,[0-9a-f]{32},/, `,${randomBytes(16).toString('hex')},`);
    const bad = good.replace(/,[0-9a-f]{32},/, ',nonsense,');
    const changed = (rows[0] ?? '').replace(/Z,[^,]*Z,/, 'Z,2041-01-01T00:00:00.000Z,');
    here.write('bad.csv', [header, good, bad].join('\n'));
    const refused = await here.run(['cert', 'import', 'bad.csv']);
    expect(refused).toMatchObject({ status: 2, stderr: /bad\.csv:3 serial is not a number[\s\S]*nothing was taken/ });
    here.write('changed.csv', [header, good, changed].join('\n'));
    expect(await here.run(['cert', 'import', 'changed.csv'])).toMatchObject({
      status: 2,
      stderr: /changed\.csv:3 says another notAfter of sha256:/,
    });
    here.write('nothing.pem', 'no certificate');
    expect(await here.run(['cert', 'import', 'nothing.pem', '--format', 'pem'])).toMatchObject({
      status: 2,
      stderr: /nothing\.pem has no certificate/,
    });
    expect(await here.run(['cert', 'import', 'all.pem', 'missing.csv'])).toMatchObject({ status: 2 });
    expect((await listOf(here)).total).toBe(4);
  });
});

test('what others issued is found in files, once, and what cannot be read is said', async () => {
  const here = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: internal }', CERTIFICATES),
    files: {
      'pki/a/one.crt': pemOf(soon),
      'pki/two.cer': later,
      'pki/copy.pem': pemOf(soon),
      'pki/notes.txt': 'a text',
      'pki/broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    },
  });
  try {
    const find = ['cert', 'find', '--path', 'pki', '--owner', 'ann', '--output', 'json'];
    const first = await here.run(find);
    expect(first.status).toBe(3);
    expect(JSON.parse(first.stdout)).toEqual({
      version: 1,
      added: 2,
      completed: 0,
      known: 0,
      unread: [expect.stringContaining('pki/broken.pem:1')],
    });
    expect(JSON.parse((await here.run(find)).stdout)).toMatchObject({ added: 0, completed: 0, known: 2 });
    const [one] = (await listOf(here, '--expires-within', '20d')).certificates;
    expect(one).toMatchObject({
      owner: 'ann',
      found: [
        { in: 'file', place: 'pki/copy.pem' },
        { in: 'file', place: 'pki/a/one.crt' },
      ],
    });
    expect(await here.run(['cert', 'find', '--path', 'nowhere'])).toMatchObject({
      status: 2,
      stderr: /nowhere cannot be looked at/,
    });
  } finally {
    here.remove();
  }
});

describe('certificates that signed', () => {
  let here: Workspace;
  beforeAll(async () => {
    here = await createWorkspace({ files: { 'dist/a.tgz': 'a', 'dist/b.tgz': 'b' } });
    const init = await here.run(['audit', 'init', '--name', 'log.example/used', '--key', 'keys/log.pem']);
    const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
    const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"], persistent: true }\n`;
    const tiers = '  recorded: { extends: internal, audit: required }\n';
    here.write('signwright.yaml', trialPolicy('  - { match: "dist/**", tier: recorded }', `${tiers}${audit}${CERTIFICATES}`));
    const env = { GITLAB_CI: 'true', CI_JOB_URL: 'https://gitlab.example/acme/app/-/jobs/7' };
    const signed = await here.run(['sign', 'dist/a.tgz', '--no-sidecars'], { env });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
  });
  afterAll(() => here.remove());

  test('are missed as long as nobody looked for them, and found in evidence', async () => {
    expect((await listOf(here)).usage).toEqual({ read: true, unlisted: 1 });
    const { stderr } = await here.run(['cert', 'list']);
    expect(stderr).toContain('1 more certificates signed, as the log says');
    const found = await here.run(['cert', 'find', '--evidence']);
    expect(found, found.stderr).toMatchObject({ status: 0, stdout: /^1 certificates found/ });
    expect(await here.run(['cert', 'find', '--evidence', '.signwright/evidence'])).toMatchObject({ status: 0 });
    const { usage, certificates } = await listOf(here, '--usage');
    expect(usage).toEqual({ read: true, unlisted: 0 });
    expect(certificates).toMatchObject([
      { usage: { signatures: 1, unaccounted: 0, last: { job: 'https://gitlab.example/acme/app/-/jobs/7' } } },
    ]);
  });

  test('are listed too where the log cannot be read: then that is said, and inconclusive where it was asked for', async () => {
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('log: log,', 'log: elsewhere,'));
    const { usage, total } = await listOf(here);
    expect({ usage, total }).toEqual({ usage: { read: false, why: expect.stringContaining('there is no log') }, total: 1 });
    expect(await here.run(['cert', 'list', '--usage'])).toMatchObject({
      status: 3,
      stdout: /^status/,
      stderr: /what certificates were used for is not known: there is no log/,
    });
    expect(await here.run(['cert', 'list', '--no-usage'])).toMatchObject({
      status: 0,
      stderr: expect.not.stringMatching(/not known/),
    });
    here.write('signwright.yaml', policy);
  });
});

test('an inventory that had more when it was seen before is refused: what was revoked would be good again', async () => {
  const here = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: internal }', CERTIFICATES),
    files: { 'one.pem': pemOf(soon), 'two.pem': pemOf(later) },
  });
  try {
    for (const file of ['one.pem', 'two.pem'])
      expect(await here.run(['cert', 'import', file])).toMatchObject({ status: 0, stdout: /^1 certificates taken/ });
    expect((await listOf(here)).total).toBe(2);
    rmSync(here.path('inventory/journal/000000000001'));
    const { status, stderr } = await here.run(['cert', 'list']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/has 1 entries, and had 2 when this machine saw it before[\s\S]*begun anew on purpose, remove (\S+)/);
    rmSync(/remove (\S+)/.exec(stderr)?.[1] ?? '', { recursive: true });
    expect((await listOf(here)).total).toBe(1);
  } finally {
    here.remove();
  }
});

test('many that import at once lose nothing, and take nothing twice', async () => {
  const ders = Array.from({ length: 6 }, (_, index) => certificate(`of ${index}`, -1, 100));
  const here = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: internal }', CERTIFICATES),
    files: Object.fromEntries(ders.map((der, index) => [`${index}.pem`, pemOf(der)])),
  });
  try {
    const runs = await Promise.all(
      ders.flatMap((_, index) => [index, index]).map((index) => here.run(['cert', 'import', `${index}.pem`])),
    );
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 0));
    const { certificates } = await listOf(here);
    expect(certificates.map(({ digest }) => digest).sort()).toEqual(ders.map(digestOf).sort());
  } finally {
    here.remove();
  }
});
