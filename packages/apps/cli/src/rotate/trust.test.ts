import { setTimeout as wait } from 'node:timers/promises';
import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const ROOT = 'trust/trusted-root.json';
const ISSUER = 'https://trial.signwright.invalid';
const at = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();

/** What signs: certificates and timestamps of the domain in use, or of the one that takes over. */
const policyOf = (ca: Which, tsa: Which): string => `version: 1
trust: { root: ${ROOT}, timestamp: { trial: ${DOMAIN[tsa]} } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: ${ISSUER}, repository: "${ISSUER}/acme/*" } }
signers: { build: { certificate: { trial: ${DOMAIN[ca]} }, workloads: [ci] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
type Which = 'old' | 'new';
const DOMAIN = { old: '.signwright/trial', new: 'next' } as const;

let here: Workspace;
beforeEach(async () => {
  here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  await done('trust', 'init', '--trial', '--directory', 'next', '--repository', `${ISSUER}/acme/app`);
  for (const name of ['trusted-root.json', 'trusted-root.issuers.json'])
    here.write(`trust/${name}`, here.read(`.signwright/trial/${name}`));
});
afterEach(() => here.remove());

async function done(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await here.run(args);
  expect([args, status, status === 0 ? '' : stderr]).toEqual([args, 0, '']);
  return stdout;
}

/** The new authority counts from some milliseconds from now, the old one until some. */
async function rotated(kind: 'ca' | 'tsa', from: number, until: number): Promise<void> {
  const list = kind === 'ca' ? 'certificateAuthorities' : 'timestampAuthorities';
  const [first] = JSON.parse(await done('trust', 'show', '.signwright/trial/trusted-root.json', '--output', 'json'))[list];
  here.write('new.pem', here.read(`next/trial-${kind}.pem`) + here.read('next/trial-root.pem'));
  const named = kind === 'ca' ? ['--certificate-authority', 'new.pem', '--issuer', ISSUER] : ['--timestamp-authority', 'new.pem'];
  await done('trust', 'add', ROOT, ...named, '--from', at(from));
  // The trial's authorities are as old as this process; an end may lie before that.
  const root = JSON.parse(here.read(ROOT));
  root[list][0].validFor.start = '2026-01-01T00:00:00.000Z';
  here.write(ROOT, JSON.stringify(root));
  await done('trust', 'retire', ROOT, '--authority', first.chain[0].sha256, '--until', at(until));
}

async function signed(name: string, kind: 'ca' | 'tsa', which: Which): Promise<{ status: number | null; stderr: string }> {
  here.write('signwright.yaml', kind === 'ca' ? policyOf(which, 'old') : policyOf('old', which));
  return here.run(['sign', '--no-sidecars', `dist/${name}.bin`]);
}
const verified = async (name: string): Promise<number | null> => (await here.run(['verify', `dist/${name}.bin`])).status;

describe.each([
  ['a timestamp authority', 'tsa'],
  ['the CA of signers', 'ca'],
] as const)('%s across a rotation', (_what, kind) => {
  test('signs by the old one before, and by the new one not yet', async () => {
    expect(await signed('a', kind, 'old')).toMatchObject({ status: 0 });
    await rotated(kind, HOUR, 2 * HOUR);
    expect(await verified('a')).toBe(0);
    expect((await signed('b', kind, 'new')).status).not.toBe(0);
    expect(here.evidence().size).toBe(1);
    expect(await signed('b', kind, 'old')).toMatchObject({ status: 0 });
  });

  test('signs and verifies by both in the overlap', async () => {
    await rotated(kind, -HOUR, HOUR);
    expect(await signed('a', kind, 'old')).toMatchObject({ status: 0 });
    expect(await signed('b', kind, 'new')).toMatchObject({ status: 0 });
    expect([await verified('a'), await verified('b')]).toEqual([0, 0]);
  });

  test('after it verifies what was signed before the end, whatever the clock says; the old one signs nothing more', async () => {
    expect(await signed('a', kind, 'old')).toMatchObject({ status: 0 });
    await wait(3 * SECOND);
    await rotated(kind, -HOUR, -SECOND);
    expect(await verified('a')).toBe(0);
    expect(await here.run(['verify', 'dist/a.bin', '--at', at(24 * HOUR)])).toMatchObject({ status: 0 });
    expect((await signed('b', kind, 'old')).status).not.toBe(0);
    expect(here.evidence().size).toBe(1);
    expect(await signed('b', kind, 'new')).toMatchObject({ status: 0 });
    expect([await verified('a'), await verified('b')]).toEqual([0, 0]);
  });

  test('refuses what was signed by the old one after the end', async () => {
    expect(await signed('a', kind, 'old')).toMatchObject({ status: 0 });
    await rotated(kind, -2 * HOUR, -HOUR);
    expect(await verified('a')).toBe(1);
  });
});
