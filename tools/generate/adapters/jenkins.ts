import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { COMMAND_DESCRIPTIONS, INPUTS, type Input, type JobCommand, OUTPUTS } from '../../../packages/apps/cli/src/job/inputs.ts';

const ADAPTERS = resolve(import.meta.dirname, '../../../packages/adapters');
const LIBRARY = 'packages/adapters/jenkins-library';
const RESOURCES = `${LIBRARY}/resources/dev/signwright`;

/** A key of a step's map: an input of the command, or for the launcher or the gate alone. */
type Parameter = Pick<Input, 'type' | 'default' | 'description' | 'pattern'> & { readonly for: 'command' | 'launcher' | 'gate' };
type Parameters = Readonly<Record<string, Parameter>>;

const NO_CONTROLS = '[^\\u0000-\\u001f\\u007f]*';
const DURATION = '[0-9]{1,6}[smhd]';

const LAUNCHER: Parameters = {
  cli: {
    for: 'launcher',
    type: 'string',
    default: '',
    description: 'signwright.cjs: a file of the agent, or an https URL. Default: the variable SIGNWRIGHT_CLI.',
    pattern: NO_CONTROLS,
  },
  sha256: {
    for: 'launcher',
    type: 'string',
    default: '',
    description: 'The SHA-256 of signwright.cjs; nothing else is run. Default: the variable SIGNWRIGHT_CLI_SHA256.',
    pattern: '[0-9a-f]{64}',
  },
  credentialsId: {
    for: 'launcher',
    type: 'string',
    default: '',
    description:
      'The credential of the OpenID Connect Provider plugin whose ID token signs; it is bound to SIGNWRIGHT_ID_TOKEN. Default: none.',
    pattern: NO_CONTROLS,
  },
};

const GATE: Parameters = {
  label: {
    for: 'gate',
    type: 'string',
    default: '',
    description: 'The label of the nodes that ask, each for as long as the command runs. Default: any.',
    pattern: NO_CONTROLS,
  },
  timeout: {
    for: 'gate',
    type: 'duration',
    default: '24h',
    description: 'How long people have; after it the build is aborted. Default: 24h.',
    pattern: DURATION,
  },
  every: {
    for: 'gate',
    type: 'duration',
    default: '5m',
    description: 'How often to look whether signed approvals have come. Default: 5m.',
    pattern: DURATION,
  },
};

const RETURNS = `It returns, and sets as variables of the build, before it fails too:

${OUTPUTS.map(({ name, description }) => `  ${camelCase(name)}, ${variableOf(name)}\n      ${description}`).join('\n')}`;

const STEPS: Readonly<Record<string, { readonly parameters: Parameters; readonly about: string }>> = {
  withSignwright: {
    parameters: LAUNCHER,
    about: `withSignwright(cli: '/opt/signwright/signwright.cjs', sha256: '…', credentialsId: 'signwright') { … }

Brings the command to the agent for the steps inside, and binds the ID token. Keep other steps out of it: they could read the token.`,
  },
  signwrightPlan: {
    parameters: { ...inputsOf('plan'), ...LAUNCHER },
    about: `signwrightPlan()\n\n${COMMAND_DESCRIPTIONS.plan}`,
  },
  signwrightSign: {
    parameters: { ...inputsOf('sign'), ...LAUNCHER },
    about: `signwrightSign(credentialsId: 'signwright')\n\n${COMMAND_DESCRIPTIONS.sign}`,
  },
  signwrightVerify: {
    parameters: { ...inputsOf('verify'), ...LAUNCHER },
    about: `signwrightVerify(environment: 'production')\n\n${COMMAND_DESCRIPTIONS.verify}`,
  },
  signwrightDrill: {
    parameters: { ...inputsOf('drill'), ...LAUNCHER },
    about: `signwrightDrill(environment: 'production')\n\n${COMMAND_DESCRIPTIONS.drill}`,
  },
  signwrightApprove: {
    parameters: { ...inputsOf('request-approval'), ...LAUNCHER, ...GATE },
    about: `signwrightApprove(environment: 'production') { unstash 'dist' }

${COMMAND_DESCRIPTIONS['request-approval']} And wait for them.

Call it outside of node: no executor waits for people. The closure brings the artifacts to the node that asks. Approvals on the
platform are asked for by input, each of another person; for signed ones it looks again from time to time. It only asks: place
signwrightVerify(environment: …, collect: true) behind it, which decides.`,
  },
};

/** What the Jenkins library has of the table of inputs, and its copy of the launcher: path from the repository's root → text. */
export async function jenkinsFiles(): Promise<ReadonlyMap<string, string>> {
  const made = new Map([
    [`${RESOURCES}/launch.cjs`, await readFile(resolve(ADAPTERS, 'launcher/launch.cjs'), 'utf8')],
    [`${RESOURCES}/inputs.json`, tableOf()],
  ]);
  for (const [step, { about, parameters }] of Object.entries(STEPS)) {
    made.set(`${LIBRARY}/vars/${step}.txt`, helpOf(about, parameters, step === 'withSignwright' ? '' : RETURNS));
  }
  return made;
}

function inputsOf(command: JobCommand): Parameters {
  const inputs = INPUTS.filter(
    (input: Input) => input.commands.includes(command) && (!input.platforms || input.platforms.includes('jenkins')),
  );
  return Object.fromEntries(inputs.map((input: Input) => [camelCase(input.name), { ...input, for: 'command' }]));
}

/** By step, by key: whom it is for, the command's name of it, and what its value is. */
function tableOf(): string {
  const steps = Object.entries(STEPS).map(([step, { parameters }]) => [
    step,
    Object.fromEntries(Object.entries(parameters).map(([key, parameter]) => [key, rowOf(key, parameter)])),
  ]);
  return `${JSON.stringify(Object.fromEntries(steps), undefined, 2)}\n`;
}

function rowOf(key: string, { for: whom, type, default: unless, pattern }: Parameter): object {
  return { for: whom, name: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), type, default: unless, pattern };
}

function helpOf(about: string, parameters: Parameters, returns: string): string {
  const rows = Object.entries(parameters).map(([key, { description, type }]) => `  ${key} (${type})\n      ${description}`);
  return `${[about, `Parameters, each of them optional:\n\n${rows.join('\n')}`, returns].filter(Boolean).join('\n\n')}\n`;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function variableOf(name: string): string {
  return `SIGNWRIGHT_${name.replaceAll('-', '_').toUpperCase()}`;
}
