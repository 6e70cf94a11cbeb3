import { Argument, Command, Option } from 'commander';
import { attest } from './commands/attest.ts';
import { bundleShow, bundleVerify } from './commands/bundle.ts';
import { doctor } from './commands/doctor.ts';
import { init } from './commands/init.ts';
import { job } from './commands/job.ts';
import { plan } from './commands/plan.ts';
import { sign } from './commands/sign.ts';
import { verify } from './commands/verify.ts';
import { wait } from './commands/wait.ts';
import type { Run } from './context/run.ts';
import { EXIT } from './exit.ts';
import { INPUTS, JOB_COMMANDS } from './job/inputs.ts';
import { harmless, printNote } from './print-lines.ts';
import { addAudit, duration } from './program-audit.ts';
import { addCert } from './program-cert.ts';
import { addDrill } from './program-drill.ts';
import { addEvidence } from './program-evidence.ts';
import { addIncident } from './program-incident.ts';
import { descriptor, example, type Finish, repeated } from './program-parts.ts';
import { addPeople } from './program-people.ts';
import { addPolicy } from './program-policy.ts';
import { addRelease } from './program-release.ts';
import { addSigner, addTrust } from './program-trust.ts';
import { policyOptions, shareOptions } from './shared-options.ts';
import { VERSION } from './version.ts';

/**
 * The command line. Heavy libraries (certificates, curves, transparency logs) are loaded by what needs them, when it does.
 *
 * @param end sets the exit code.
 */
export function createProgram(signal: AbortSignal, end: (exitCode: number) => void): Command {
  const run: Run = { signal };
  const finish: Finish = async (work) => {
    // Should the process come to its end early, it must not look like an allow.
    end(EXIT.defect);
    end((await work) ?? EXIT.allow);
  };
  const program = new Command('signwright')
    .description('One policy decides what must be signed, by whom, and whether it may be released.')
    .version(VERSION, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ writeErr: (text) => process.stderr.write(harmless(text)) })
    .exitOverride((error) => {
      const usage = error.exitCode !== 0 || (error.code === 'commander.helpDisplayed' && refuseMoreThanHelp(program));
      throw Object.assign(error, { exitCode: usage ? EXIT.usage : EXIT.allow });
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 allow, done · 1 deny · 2 usage or policy error · 3 inconclusive: retry · 4 pending approvals · 70 a defect',
    );

  command('init', 'write a first policy')
    .option('--scan', 'propose rules for what is found here: Dockerfiles, package manifests, charts, Terraform')
    .option('--policy <file>', 'where to write it', 'signwright.yaml')
    .addHelpText('after', example('signwright init --scan && signwright trust init --trial'))
    .action((options) => finish(init(options)));

  addTrust(command('trust', 'whom signatures and timestamps are traced to'), finish, run);
  addSigner(command('signer', 'the keys of the signers'), finish, run);

  shareOptions(command('plan', "show each file's rule, tier and owner, and what is unlisted; needs no key and no network"), [
    'text',
    'json',
    'markdown',
  ])
    .argument('[path...]', "files and directories (default: where the policy's patterns begin)")
    .addOption(new Option('--export <format>', 'print the inventory, instead of --output').choices(['csv']).conflicts('output'))
    .addHelpText('after', example('signwright plan dist --environment production'))
    .action((paths, options) => finish(plan(paths, options, run)));

  shareOptions(command('sign', 'sign what the policy says must be signed'))
    .argument('[path...]', "files and directories (default: where the policy's patterns begin)")
    .option('--signer <id...>', 'sign only as these signers (default: all the artifacts ask for)')
    .option('--no-sidecars', 'leave out FILE.sigstore.json beside each file; 10,000 files then cost one signature')
    .option('--digest <sha256>', 'sign something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls it')
    .option('--release <release>', 'contribute to a release of several parts: NAME@VERSION')
    .option('--replace', 'with --release, in place of other bytes that this job signed into it by the same names', false)
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright sign dist --environment production'))
    .action((paths, options) => finish(sign(paths, options, run)));

  shareOptions(
    command('attest', 'sign what a report or this job says of artifacts: provenance, sbom, test-result, vulnerabilities'),
    ['text'],
  )
    .argument('<type>', 'provenance, sbom, test-result, vulnerabilities, or the https URI of a predicate type')
    .argument('[path...]', 'the artifacts it is about (default: those the policy asks it of)')
    .option('--report <file>', 'what another program wrote; for all but provenance')
    .option('--subject <path...>', 'artifacts it is about, as paths')
    .option('--signer <id>', 'who attests (default: by whom the policy wants it)')
    .option('--dependency <name@sha256>', 'something the build took in, by its digest; repeat for more', repeated)
    .option('--lockfile <file>', 'a lockfile, which lists what the build took in; of npm each package is listed')
    .option('--record-failure', 'sign all the same what does not meet the policy: the newest attestation decides')
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright attest test-result dist/app.tgz --report reports/junit.xml'))
    .action((type, paths, options) => finish(attest(type, paths, options, run)));

  shareOptions(command('verify', 'decide again from the bytes whether each artifact may go there, and say why'))
    .argument('[path...]', "files and directories (default: where the policy's patterns begin)")
    .option('--at <time>', 'judge as of this time, such as 2026-01-31T12:00:00Z')
    .option('--attest', 'sign each allow and deny, as a verifier of the policy; needs --anchor')
    .option('--signer <id>', 'with --attest: the signer of the verifier (default: the one this job may be)')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .option('--digest <sha256>', 'judge something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .addHelpText('after', example('signwright verify dist/app.tgz --environment production --anchor anchor.yaml'))
    .action((paths, options) => finish(verify(paths, options, run)));

  shareOptions(command('wait', 'wait until the log has ordered the records of what was signed, and keep the proofs'), ['text'])
    .argument('[path...]', "files and directories (default: where the policy's patterns begin)")
    .addOption(
      new Option('--timeout <duration>', 'give up after this long, with exit code 3').argParser(duration).default(600, '10m'),
    )
    .addOption(new Option('--every <duration>', 'ask this often').argParser(duration).default(5, '5s'))
    .option('--digest <sha256>', 'about something that is elsewhere, by its digest; with --name')
    .option('--name <name>', 'what the policy calls the one artifact given')
    .option('--release <release>', 'about all artifacts of a release, in place of files: NAME@VERSION')
    .addHelpText('after', example('signwright wait dist --timeout 30m'))
    .action((paths, options) => finish(wait(paths, options, run)));

  addRelease(command('release', 'releases that several pipelines contribute to'), finish, run);
  addPeople(program, finish, run);
  addCert(command('cert', 'certificates: who issues them, to whom, and how they end'), finish, run);
  addIncident(
    command('incident', 'what to do when a key, a certificate or a workload is compromised: all of it, in order'),
    finish,
    run,
  );
  addAudit(command('audit', 'the log of what was asked, decided and signed'), finish, run);
  addEvidence(command('evidence', 'what verdicts rest on: where it lies, and for how long'), finish, run);
  addPolicy(command('policy', 'check, explain and sign a policy'), finish, run);
  addDrill(
    command('drill', 'rehearse failure on this policy, without touching its keys, stores, people or networks'),
    finish,
    run,
  );
  addBundle(command('bundle', 'look at one Sigstore bundle, without a policy'), finish);

  command('job', 'run as a job of a pipeline: inputs from the environment, reports in a directory; what the adapters run')
    .addArgument(new Argument('<command>', 'what to do').choices(JOB_COMMANDS))
    .addHelpText('after', `\nInputs (docs/adapters.md): ${INPUTS.map(({ name: input }) => input).join(', ')}`)
    .addHelpText('after', 'Variables: SIGNWRIGHT_INPUTS (JSON), SIGNWRIGHT_POLICY, SIGNWRIGHT_ANCHOR')
    .addHelpText('after', example(`SIGNWRIGHT_INPUTS='{"environment":"production"}' signwright job verify`))
    .action((name) => finish(job(name, run)));

  policyOptions(command('doctor', 'try what signing and verifying need here, and say what is wrong'))
    .option('--evidence <directory>', 'where evidence is kept')
    .option('--passphrase-env <name>', "the environment variable with a key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with a key's passphrase", descriptor)
    .addHelpText('after', example('signwright doctor'))
    .action((options) => finish(doctor(options)));

  return program;

  function command(name: string, description: string): Command {
    return program.command(name).description(description);
  }
}

function addBundle(bundle: Command, finish: Finish): void {
  bundle
    .command('show')
    .description('say what a bundle states about itself; nothing is verified')
    .argument('<bundle>', 'a Sigstore bundle')
    .addHelpText('after', example('signwright bundle show app.tgz.sigstore.json'))
    .action((file) => finish(bundleShow(file)));
  bundle
    .command('verify')
    .description("verify a bundle over a file, with cosign's flag names")
    .argument('<artifact>', 'the file, or sha256:HEX')
    .requiredOption('--bundle <file>', 'the Sigstore bundle')
    .option('--key <pem>', 'the public key that must have signed')
    .option('--certificate-identity <name>', 'the name the certificate must carry, exactly')
    .option('--certificate-oidc-issuer <url>', 'the OIDC issuer the certificate must carry, exactly')
    .option('--trusted-root <file>', 'a Sigstore trusted root')
    .option('--insecure-ignore-tlog', 'do without a log entry where the trusted root lists transparency logs')
    .option('--use-signed-timestamps', "changes nothing, for timestamps always count; taken so that cosign's lines work here")
    .option('--insecure-ignore-sct', "changes nothing, for no SCT is asked for; taken so that cosign's lines work here")
    .addHelpText('after', example('signwright bundle verify --bundle app.tgz.sigstore.json --key release.pub app.tgz'))
    .action((artifact, options) => finish(bundleVerify(artifact, options)));
}

/** Whether help was asked for beside other arguments, and says so: "verify *" must not pass where a file is called --help. */
function refuseMoreThanHelp(program: Command): boolean {
  let command = program;
  for (let next: Command | undefined = program; next; next = command.commands.find((one) => one.name() === command.args[0]))
    command = next;
  if (command === program || command.args.every((argument) => argument === '--help' || argument === '-h')) return false;
  printNote(
    'error: help was asked for beside other arguments, so nothing else was done\n  → put -- before files whose names begin with -',
  );
  return true;
}
