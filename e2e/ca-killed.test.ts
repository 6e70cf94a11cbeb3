import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority, type Inventory, inventoryOf, latestCrl, openJournal } from '@signwright/certificates';
import { type Crl, parseCrl } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { freshKeys, memorySigner } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// A CA in processes of its own, on one directory: killed at every step, and many at once.

const PROGRAM = fileURLToPath(new URL('ca-process.ts', import.meta.url));

type Ended = { readonly killed: boolean; readonly result: unknown; readonly steps: number };

function run(directory: string, action: string, subject = '', killAt?: number): Promise<Ended> {
  const args = ['--conditions=source', PROGRAM, action, directory, subject];
  const env = { PATH: process.env['PATH'] ?? '', ...(killAt === undefined ? {} : { KILL_AT: String(killAt) }) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ killed: false, ...(JSON.parse(stdout) as Omit<Ended, 'killed'>) });
      else if (error.signal === 'SIGKILL') resolve({ killed: true, result: undefined, steps: 0 });
      else reject(new Error(`${action}: ${stderr}`));
    });
  });
}

const storeIn = (directory: string) => {
  const blobs = createDirectoryStore(join(directory, 'store'));
  return { blobs, journal: openJournal(blobs) };
};
const inventoryIn = async (directory: string): Promise<Inventory> =>
  inventoryOf((await storeIn(directory).journal.read()).events);

/** The serial numbers of what was signed; of certificates alone, which say their version first. */
function signedIn(directory: string): string[] {
  const path = join(directory, 'signed');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.flatMap((hex) => /^308[12].{2,4}a0030201020211([0-9a-f]{34})/.exec(hex)?.[1] ?? []);
}

async function crlIn(directory: string): Promise<Crl | undefined> {
  const der = await latestCrl(storeIn(directory), 'acme');
  return der && parseCrl(der);
}

let parent: string;
let prepared: string;
let [revoked, issued] = ['', ''];
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'signwright-ca-killed-'));
  prepared = join(parent, 'prepared');
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const root = { signer: memorySigner(freshKeys()) };
  const made = await createAuthority({ organization: 'Acme', root, signer: memorySigner(keys) }, new Date());
  const { blobs, journal } = storeIn(prepared);
  await blobs.putIfAbsent('made', Buffer.of(1));
  writeFileSync(join(prepared, 'ca.key'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(prepared, 'ca.der'), made.intermediate.der);
  writeFileSync(join(prepared, 'root.der'), made.root.der);
  // So many entries that whoever reads next puts them together, and may be killed over that too.
  let state = await journal.read();
  const note = { type: 'alerted', at: new Date().toISOString(), digest: `sha256:${'0'.repeat(64)}`, threshold: 1 } as const;
  while (state.position < 250) state = (await journal.append(state, [note])) ?? state;
  issued = String((await run(prepared, 'issue')).result);
  revoked = String((await run(prepared, 'issue')).result);
  await run(prepared, 'revoke', revoked);
  expect((await run(prepared, 'crl')).result).toBe(1);
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function copy(name: string): string {
  const directory = join(parent, name);
  cpSync(prepared, directory, { recursive: true });
  return directory;
}

/** What must hold whatever befell the CA. */
async function checkAfter(directory: string): Promise<void> {
  const { entries } = await inventoryIn(directory);
  const serials = entries.map(({ serial }) => serial);
  const signed = signedIn(directory);
  expect(new Set(serials).size).toBe(serials.length);
  // None is lost: all that was signed can be found, and revoked.
  for (const serial of signed) expect(serials).toContain(serial);
  const next = await run(directory, 'issue');
  expect(serials).not.toContain(next.result);
  const before = (await crlIn(directory))?.number ?? 0n;
  await run(directory, 'revoke', [issued, ...signed].join(','));
  await run(directory, 'crl');
  const crl = await crlIn(directory);
  expect(crl?.number).toBe(before + 1n);
  for (const serial of [issued, revoked, ...signed]) expect(crl?.find(Buffer.from(serial, 'hex')), serial).toBeDefined();
}

describe('killed at every step, a CA', () => {
  test.each(['issue', 'revoke', 'crl'])(
    'that was to %s reuses no serial number, loses none, and goes on',
    { timeout: 600_000 },
    async (action) => {
      const whole = copy(`${action}-whole`);
      const { steps } = await run(whole, action, issued);
      expect(steps).toBeGreaterThan(1);
      expect(signedIn(whole)).toHaveLength(action === 'issue' ? 3 : 2);
      for (let at = 0; at < steps; at++) {
        const directory = copy(`${action}-${at}`);
        expect((await run(directory, action, issued, at)).killed, `step ${at}`).toBe(true);
        await checkAfter(directory);
        rmSync(directory, { recursive: true });
      }
      console.log(`${action}: killed at each of ${steps} steps`);
    },
  );
});

describe('many processes on one store', () => {
  const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, work));

  test('renew a certificate once', async () => {
    const directory = copy('renew');
    const digest = (await inventoryIn(directory)).bySerial('acme', issued)?.digest ?? '';
    const claimed = await times(4, () => run(directory, 'renew', digest));
    expect(claimed.filter(({ result }) => result === true)).toHaveLength(1);
  });

  test('issue under numbers of their own, and make CRLs one after the other', async () => {
    const directory = copy('many');
    const [serials, numbers] = await Promise.all([
      times(4, () => run(directory, 'issue')),
      times(3, () => run(directory, 'crl')),
    ]);
    expect(new Set(serials.map(({ result }) => result)).size).toBe(4);
    expect(new Set(numbers.map(({ result }) => result))).toEqual(new Set([2, 3, 4]));
    expect((await inventoryIn(directory)).entries).toHaveLength(6);
  });
});
