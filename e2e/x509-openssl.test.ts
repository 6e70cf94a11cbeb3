import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl, PATH_CASES_AT, type PathCase, pathCases } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'x509-openssl-'));
const at = (name: string): string => join(directory, name);

function pem(what: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}

function run(args: readonly string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { maxBuffer: 1 << 26 });
  return { ok: status === 0, said: `${stdout}${stderr}` };
}

/** OpenSSL knows code signing as a purpose since 3.2. */
const knowsCodeSigning = hasOpenssl && !run(['verify', '-purpose', 'codesign', '/dev/null']).said.includes('nvalid purpose');

/** Whether OpenSSL takes the path, as strictly as it can, and what it says. */
function byOpenssl({ leaf, chain, purpose }: PathCase): { ok: boolean; said: string } {
  const root = chain[chain.length - 1] as Buffer;
  writeFileSync(at('root.pem'), pem('CERTIFICATE', root));
  writeFileSync(
    at('between.pem'),
    chain
      .slice(0, -1)
      .map((der) => pem('CERTIFICATE', der))
      .join(''),
  );
  writeFileSync(at('leaf.pem'), pem('CERTIFICATE', leaf));
  const meant = purpose === 'timeStamping' ? 'timestampsign' : knowsCodeSigning ? 'codesign' : 'any';
  const seconds = String(PATH_CASES_AT.getTime() / 1000);
  const strict = ['-x509_strict', '-check_ss_sig', '-auth_level', '2', '-purpose', meant, '-attime', seconds];
  return run([
    'verify',
    ...strict,
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    at('root.pem'),
    '-untrusted',
    at('between.pem'),
    at('leaf.pem'),
  ]);
}

describe.runIf(hasOpenssl)('paths, as OpenSSL judges them', () => {
  test.each(pathCases().map((one) => [one.rule, one.what, one] as const))('%s: %s', (_, __, one) => {
    const { ok, said } = byOpenssl(one);
    const holds = one.refused === undefined;
    const differs = one.openssl ?? (knowsCodeSigning ? undefined : one.withoutCodeSigning);
    expect(ok, said).toBe(differs === undefined ? holds : !holds);
  });
});
