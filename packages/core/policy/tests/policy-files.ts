import { readFileSync } from 'node:fs';
import { SignwrightError } from '@signwright/signing-core';
import { type FileReader, loadPolicy, type Policy, PolicyError, type Problem } from '../src/index.ts';

/** The day the tests live on. */
export const NOW: Date = new Date('2026-11-22T12:00:00Z');

/** The folder of examples. */
export const EXAMPLES: URL = new URL('../examples/', import.meta.url);

/** A public key in PEM; three of them are to be had. */
export function publicKey(index: 0 | 1 | 2): string {
  return index === 2 ? THIRD : readFileSync(new URL(`trust/${['release-aws', 'release-gcp'][index]}.pub`, EXAMPLES), 'utf8');
}

const THIRD = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
`;

/** Files by path, as a policy's reader gives them: text as it stands, bytes, or nothing there. */
export function readerOf(files: { readonly [path: string]: string | Uint8Array }): FileReader {
  return async (path) => {
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file !== undefined) return typeof file === 'string' ? Buffer.from(file) : file;
    const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    throw new SignwrightError('configuration', `there is no file ${path}`, { cause });
  };
}

/** A log's verifier key. */
export const LOG_KEY = 'log.acme.example+f5bab158+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ';

const AROUND = {
  'trust/root.json': '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  'trust/a.pub': publicKey(0),
  'trust/b.pub': publicKey(1),
  'trust/c.pub': publicKey(2),
};

/** Loads `policy.yaml` from text, with a trust root and three public keys beside it. */
export function load(text: string | Uint8Array, more: { readonly [path: string]: string | Uint8Array } = {}): Promise<Policy> {
  return loadPolicy('policy.yaml', readerOf({ ...AROUND, ...more, 'policy.yaml': text }), { now: NOW });
}

/** What is wrong with a policy; a policy that loads fails the test. */
export async function problemsOf(
  text: string | Uint8Array,
  more: { readonly [path: string]: string | Uint8Array } = {},
): Promise<readonly Problem[]> {
  try {
    await load(text, more);
  } catch (error) {
    if (error instanceof PolicyError) return error.problems;
    throw error;
  }
  throw new Error('the policy was accepted');
}

/** A policy that signs everything under `dist/` by one key file; what is given is put in front. */
export function withKey(front: string, tiers = 'tiers: { internal: { signatures: [build] } }', artifacts?: string): string {
  return [
    'version: 1',
    front,
    'signers: { build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] } }',
    tiers,
    artifacts ?? 'artifacts: [{ match: "dist/**", tier: internal }]',
    '',
  ].join('\n');
}

export const CERT = 'certificate: { fulcio: https://ca.example }';
const CI = 'workloads: { ci: { issuer: https://ci.example, repository-id: "1" } }';

/** A policy with certificate signer `ci`, key signer `build`, and people. */
export function rich(tiers: string, artifacts = 'artifacts: [{ match: "dist/**", tier: t }]', more = ''): string {
  return `version: 1
trust: { root: trust/root.json }
people:
  ann: { gitlab: 1, certificate: { issuer: https://id.example, subject: ann } }
  bob: { certificate: { issuer: https://id.example, subject: bob } }
  eve: { gitlab: 3 }
roles: { lead: [ann], security: [ann, bob], clickers: [eve] }
${CI}
signers:
  build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  ci: { ${CERT}, workloads: [ci] }
${more}
tiers:
${tiers}
${artifacts}
`;
}
