/** What a job of a pipeline can be told to do. */
export const JOB_COMMANDS = ['plan', 'sign', 'request-approval', 'verify', 'drill'] as const;
export type JobCommand = (typeof JOB_COMMANDS)[number];

/** Those of a release, in their order; a drill is run on a schedule, by itself. */
export const RELEASE_COMMANDS: readonly ['plan', 'sign', 'request-approval', 'verify'] = [
  'plan',
  'sign',
  'request-approval',
  'verify',
];

/** What each does, as every adapter says it. */
export const COMMAND_DESCRIPTIONS: Readonly<Record<JobCommand, string>> = {
  plan: 'Show what the policy says of each file: its rule, tier and owner, and what is unlisted. Needs no key.',
  sign: 'Sign what the policy says must be signed, and ask for the approvals it needs.',
  'request-approval': 'Ask for the approvals that artifacts need, and say who may give them.',
  verify: 'Decide again from the bytes whether each artifact may go there, and stop what depends on it where it may not.',
  drill: 'Rehearse failure on a shadow of the policy, and fail where a control lets something through. For schedules.',
};

/** The platforms with an adapter. */
export const PLATFORMS = ['gitlab', 'jenkins', 'azure-devops', 'github'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** One thing an adapter can be told. */
export type Input = {
  /** In kebab-case; adapters whose platform writes names otherwise derive theirs. */
  readonly name: string;
  readonly type: 'string' | 'list' | 'boolean' | 'duration';
  readonly default: string | boolean;
  /** One sentence, or a few. */
  readonly description: string;
  /** The commands it is for. */
  readonly commands: readonly JobCommand[];
  /** The platforms it is for; all where it is absent. */
  readonly platforms?: readonly Platform[];
  /** What a value other than the empty one must match, as a whole. */
  readonly pattern?: string;
};

const NO_CONTROLS = '[^\\u0000-\\u001f\\u007f]*';

/**
 * Everything an adapter can be told, on any platform. The command line reads its inputs by this table; the files of the adapters and
 * the tables in docs/ are made of it, and tests hold them to it.
 */
export const INPUTS: readonly Input[] = [
  {
    name: 'paths',
    type: 'list',
    default: '',
    description: "Files and directories, one a line. Default: where the policy's patterns begin.",
    commands: ['plan', 'sign', 'request-approval', 'verify'],
  },
  {
    name: 'environment',
    type: 'string',
    default: '',
    description: 'Where the artifacts are to go, as the policy names it.',
    commands: ['plan', 'sign', 'request-approval', 'verify', 'drill'],
    pattern: '[A-Za-z0-9][A-Za-z0-9._-]{0,63}',
  },
  {
    name: 'policy',
    type: 'string',
    default: '',
    description:
      'The policy: a file, an https URL, or a git repository as https://HOST/GROUP/PROJECT.git#REF:FILE. Default: the variable SIGNWRIGHT_POLICY, else signwright.yaml.',
    commands: ['plan', 'sign', 'request-approval', 'verify', 'drill'],
    pattern: NO_CONTROLS,
  },
  {
    name: 'anchor',
    type: 'string',
    default: '',
    description:
      'What the policy must be, from outside of what is judged: a file, or its text. Default: the variable SIGNWRIGHT_ANCHOR.',
    commands: ['plan', 'sign', 'request-approval', 'verify', 'drill'],
  },
  {
    name: 'unanchored',
    type: 'boolean',
    default: false,
    description: 'Verify without an anchor, to try things out: whoever can change the policy then decides.',
    commands: ['verify'],
  },
  {
    name: 'evidence',
    type: 'string',
    default: '',
    description:
      "Where evidence is kept. Default: the policy's store; in GitLab, where the policy names none, the package registry of the project; else .signwright/evidence.",
    commands: ['sign', 'request-approval', 'verify', 'drill'],
    pattern: NO_CONTROLS,
  },
  {
    name: 'signer',
    type: 'list',
    default: '',
    description: 'Sign only as these signers of the policy, one a line. Default: all that the artifacts ask for.',
    commands: ['sign'],
  },
  {
    name: 'release',
    type: 'string',
    default: '',
    description: 'Contribute to a release of several parts: NAME@VERSION.',
    commands: ['sign'],
    pattern: NO_CONTROLS,
  },
  {
    name: 'sidecars',
    type: 'boolean',
    default: true,
    description: "Write FILE.sigstore.json beside each file, for others' tools.",
    commands: ['sign'],
  },
  {
    name: 'passphrase-env',
    type: 'string',
    default: '',
    description: 'The name of the environment variable with the passphrase of a key file: the name, never the passphrase.',
    commands: ['sign', 'verify', 'drill'],
    pattern: '[A-Za-z_][A-Za-z0-9_]{0,127}',
  },
  {
    name: 'collect',
    type: 'boolean',
    default: false,
    description:
      'First find out, as a verifier of the policy, who wrote it, who asked for it and what the platform knows of approvals. Needs the whole history.',
    commands: ['verify'],
  },
  {
    name: 'attest',
    type: 'boolean',
    default: false,
    description: 'Sign each allow and deny, as a verifier of the policy.',
    commands: ['verify'],
  },
  {
    name: 'wait',
    type: 'duration',
    default: '0s',
    description: 'How long to wait for the log and for approvals before deciding, such as 30m. 0s: decide at once.',
    commands: ['verify'],
    pattern: '[0-9]{1,6}[smhd]',
  },
  {
    name: 'scenarios',
    type: 'list',
    default: '',
    description: 'Which failures to rehearse, one a line, as signwright drill --list names them. Default: all.',
    commands: ['drill'],
  },
  {
    name: 'artifact',
    type: 'string',
    default: '',
    description: 'Rehearse an artifact of this name. Default: one for each tier.',
    commands: ['drill'],
    pattern: NO_CONTROLS,
  },
  {
    name: 'report-signer',
    type: 'string',
    default: '',
    description: 'Sign the report as this signer of the policy, and keep it in the evidence store. Default: it is not signed.',
    commands: ['drill'],
    pattern: '[A-Za-z0-9][A-Za-z0-9._-]{0,63}',
  },
  {
    name: 'reports',
    type: 'string',
    default: 'signwright-reports',
    description: 'The directory that reports are written to, below the working directory.',
    commands: ['plan', 'sign', 'request-approval', 'verify', 'drill'],
    pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*',
  },
  {
    name: 'archive',
    type: 'boolean',
    default: true,
    description:
      'Where all is allowed, write what the verdicts rest on into evidence.tar among the reports: it verifies with no network and years later, but for what the log alone tells, such as rejections.',
    commands: ['verify'],
    platforms: ['gitlab'],
  },
  {
    name: 'comment',
    type: 'boolean',
    default: true,
    description:
      'Write the result into the merge request, as one comment that later runs update. Needs SIGNWRIGHT_GITLAB_TOKEN; without it there is none, and the log says so.',
    commands: ['plan', 'verify'],
    platforms: ['gitlab'],
  },
  {
    name: 'status-check',
    type: 'string',
    default: '',
    description:
      'The id of an external status check of the merge request to set (GitLab Ultimate). Needs SIGNWRIGHT_GITLAB_TOKEN.',
    commands: ['plan', 'verify'],
    platforms: ['gitlab'],
    pattern: '[0-9]{1,12}',
  },
  {
    name: 'release-link',
    type: 'boolean',
    default: true,
    description:
      "In a tag's pipeline, link the evidence from the release of the tag, where there is one. Needs SIGNWRIGHT_GITLAB_TOKEN.",
    commands: ['verify'],
    platforms: ['gitlab'],
  },
];

/** One thing an adapter tells the steps after it. */
export type Output = { readonly name: string; readonly description: string };

/** Everything an adapter tells the steps after it, on any platform. */
export const OUTPUTS: readonly Output[] = [
  { name: 'result', description: 'allow, deny, pending, inconclusive, or error where nothing was decided.' },
  {
    name: 'exit-code',
    description: '0 allow · 1 deny · 2 usage, configuration or policy error · 3 inconclusive, retry · 4 pending · 70 a defect.',
  },
  { name: 'request', description: 'The id of the request for approvals, where there is one; else empty.' },
  {
    name: 'reports',
    description:
      'The directory with result.json, summary.md, summary.html, junit.xml, verdicts.json, results.sarif, plan.json, evidence.tar, as there are.',
  },
];
