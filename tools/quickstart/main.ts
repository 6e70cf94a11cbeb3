// The main job on an embedded default, in a fresh directory: this repository's own packages, signed and judged by one policy.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeArtifacts } from './artifacts.ts';
import { ATTACKER_IDENTITY, ATTACKER_POLICY, policy } from './policies.ts';
import { createShell } from './shell.ts';

const home = mkdtempSync(join(tmpdir(), 'signwright-quickstart-'));
const { say, run, quietly } = createShell(home);

say('1', `A trial trust domain and the key of a log, in ${home}`);
run(['trust', 'init', '--trial'], { show: 4 });
run(['audit', 'init', '--name', 'quickstart.invalid/log', '--key', 'keys/log.pem'], { show: 1 });
const logKey = quietly(['audit', 'key', 'keys/log.pem', '--name', 'quickstart.invalid/log'], home).trim();
const POLICY = policy({
  tier: ', audit: required',
  log: `audit: { log: .signwright/log, persistent: true, key: keys/log.pem, verifier-keys: ["${logKey}"] }\n`,
});

say(
  '2',
  "What is to be released: this repository's packages, their bill of materials, release notes, and a key that signs releases",
);
for (const line of makeArtifacts(home)) console.log(`    ${line}`);

say('3', 'One policy says what must be signed, by whom, at which tier');
writeFileSync(join(home, 'signwright.yaml'), POLICY);
console.log(POLICY.replace(/^/gm, '    ').trimEnd());
run(['policy', 'check']);
run(['plan']);

say('4', 'Sign what the policy says: packages at the tier "production" by two signers, the rest by one');
run(['sign', '--environment', 'production']);

say('5', 'Verify: everything again, from the bytes');
run(['verify', '--environment', 'production']);

say('6', 'Who asked for what, and what came of it; the log is made again, and holds');
run(['audit', 'list']);
run(['audit', 'verify']);

say('7', 'Four honest refusals');
const [victim] = readFileSync(join(home, 'packages.txt'), 'utf8').split('\n') as [string];
console.log('\n  A file that was changed by one byte after it was signed:');
const bytes = readFileSync(join(home, 'dist', victim));
const tampered = Buffer.from(bytes);
tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
writeFileSync(join(home, 'dist', victim), tampered);
run(['verify', `dist/${victim}`, '--environment', 'production'], { expect: 1 });
writeFileSync(join(home, 'dist', victim), bytes);

console.log('\n  A file that the policy does not list:');
writeFileSync(join(home, 'dist', 'surprise.sh'), '#!/bin/sh\necho hello\n');
run(['verify', 'dist/surprise.sh', '--environment', 'production'], { expect: 1 });

console.log('\n  A file signed by a job of another repository, under a policy of its own:');
const elsewhere = join(home, 'elsewhere');
mkdirSync(join(elsewhere, 'release'), { recursive: true });
cpSync(join(home, '.signwright', 'trial'), join(elsewhere, '.signwright', 'trial'), { recursive: true });
writeFileSync(join(elsewhere, 'signwright.yaml'), ATTACKER_POLICY);
writeFileSync(join(elsewhere, '.signwright', 'trial', 'identity.json'), ATTACKER_IDENTITY);
writeFileSync(join(elsewhere, 'release', 'notes.md'), '# Release notes, with a surprise\n');
quietly(['sign', 'release/notes.md', '--evidence', join(home, '.signwright', 'evidence')], elsewhere);
cpSync(join(elsewhere, 'release', 'notes.md'), join(home, 'release', 'notes.md'));
run(['verify', 'release/notes.md', '--environment', 'production'], { expect: 1 });

console.log('\n  A package signed by the right keys, outside: nobody recorded it:');
const outside = join(home, 'outside');
mkdirSync(join(outside, 'dist'), { recursive: true });
for (const shared of ['.signwright/trial', 'keys']) cpSync(join(home, shared), join(outside, shared), { recursive: true });
writeFileSync(join(outside, 'signwright.yaml'), policy({ tier: '', log: '' }));
for (const there of [outside, home]) writeFileSync(join(there, 'dist', 'unrecorded-1.0.0.tgz'), 'what nobody was asked for\n');
quietly(['sign', '--environment', 'production', '--evidence', join(home, '.signwright', 'evidence')], outside);
run(['verify', 'dist/unrecorded-1.0.0.tgz', '--environment', 'production'], { expect: 1 });

say('8', 'Check it without us');
const root = '.signwright/trial/trusted-root.json';
console.log(`    The evidence lies in ${join(home, '.signwright', 'evidence')}`);
console.log('    Beside each file is its Sigstore bundle, for other tools; cosign checks it with');
console.log(`
    cd ${home}
    cosign verify-blob --bundle dist/${victim}.sigstore.json --trusted-root ${root} \\
      --certificate-identity https://trial.signwright.invalid/example/project//trial@refs/heads/main \\
      --certificate-oidc-issuer https://trial.signwright.invalid \\
      --use-signed-timestamps --insecure-ignore-tlog --insecure-ignore-sct dist/${victim}
`);
