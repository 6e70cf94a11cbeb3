import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INPUTS, JOB_COMMANDS, type JobCommand } from '../../../packages/apps/cli/src/job/inputs.ts';
import { gitlabTemplates } from './gitlab-templates.ts';
import { type RenderedJob, renderComponent, specOf } from './render-component.ts';

const templates = await gitlabTemplates();
const of = (name: string): string => templates.get(`templates/${name}.yml`) ?? '';
const SHA256 = { 'cli-sha256': 'a'.repeat(64) };
const COMPONENTS = [...templates.keys()].map((path) => path.slice('templates/'.length, -'.yml'.length));

const valuesOf = ({ variables }: RenderedJob) =>
  Object.fromEntries(Object.entries(variables).map(([name, said]) => [name, typeof said === 'string' ? said : said.value]));
const upper = (name: string) => name.toUpperCase().replaceAll('-', '_');
const jobOf = (command: JobCommand, given: Readonly<Record<string, unknown>> = {}): RenderedJob =>
  Object.values(renderComponent(of(command), { ...SHA256, ...given }))[0] as RenderedJob;

test('there is a component for each command, and one with all of them', () => {
  expect(COMPONENTS).toEqual([...JOB_COMMANDS, 'full-pipeline']);
});

describe.each(COMPONENTS)('%s', (name) => {
  const spec = specOf(of(name));
  const given = { ...SHA256, ...(name === 'full-pipeline' ? { 'build-job': 'build' } : {}) };

  test('declares every input with a type, a description and what it is held to', () => {
    for (const [input, { type, description, default: usual, regex, options }] of Object.entries(spec)) {
      expect(['string', 'boolean', 'array', 'number'], input).toContain(type);
      expect(description, input).toMatch(/^[A-Z].*\.$/s);
      expect(description.length).toBeLessThan(1024);
      expect(regex !== undefined || options !== undefined, `${input} is held to something`).toBe(type === 'string');
      if (regex !== undefined && usual !== undefined) expect(usual, input).toMatch(new RegExp(regex));
    }
    expect(Object.keys(spec).filter((input) => !('default' in (spec[input] ?? {})))).toEqual(Object.keys(given).sort());
  });

  test('has the inputs of the table that are for it on GitLab', () => {
    const its = INPUTS.filter(
      ({ commands, platforms }) =>
        (name === 'full-pipeline' || commands.includes(name as JobCommand)) && (platforms?.includes('gitlab') ?? true),
    );
    expect(Object.keys(spec)).toEqual(expect.arrayContaining(its.map((input) => input.name)));
  });

  test('defines its jobs and no keyword of the whole pipeline', () => {
    const jobs = renderComponent(of(name), { ...given, 'job-prefix': 'sw:' });
    const commands = name === 'full-pipeline' ? JOB_COMMANDS : [name];
    expect(Object.keys(jobs)).toEqual(commands.map((command) => `sw:${command}`));
  });

  test('stops where its command does, keeps what it says, and lets no script or cache of others in', () => {
    for (const job of Object.values(renderComponent(of(name), given))) {
      expect(job).toMatchObject({ allow_failure: false, cache: [], inherit: { default: ['image', 'tags'] } });
      expect(job).toMatchObject({ artifacts: { when: 'always', reports: { dotenv: 'signwright-reports/outputs.env' } } });
      expect(Object.keys(job)).not.toContain('retry');
      expect(job['rules']).toEqual([{ if: expect.stringMatching(/merge_request_event|CI_COMMIT_REF_PROTECTED/) }]);
    }
  });

  test('hands on values in variables that nothing expands, and has none in its script', () => {
    for (const job of Object.values(renderComponent(of(name), given))) {
      for (const [variable, said] of Object.entries(job.variables))
        if (variable !== 'GIT_DEPTH') expect(said, variable).toMatchObject({ expand: false });
      expect(job.script[1]).not.toContain(SHA256['cli-sha256']);
    }
    const [, body = ''] = of(name).split(/^---\n/m);
    const scripts = body.match(/^ {2}script:\n[\s\S]*?^ {2}\w/gm) ?? [];
    expect(scripts.length).toBe(name === 'full-pipeline' ? 4 : 1);
    expect(scripts.join('')).not.toContain('$[[');
  });

  test('has the launcher as it is', () => {
    const launcher = fileURLToPath(new URL('../../../packages/adapters/launcher/launch.cjs', import.meta.url));
    for (const job of Object.values(renderComponent(of(name), given)))
      expect(job.script[1]).toContain(`\n${readFileSync(launcher, 'utf8')}END OF LAUNCHER\n`);
  });
});

describe('whatever GitLab lets through', () => {
  const usual = jobOf('verify');
  const patterns = Object.entries(specOf(of('verify'))).flatMap(([name, { regex }]) =>
    regex === undefined ? [] : [{ name, regex }],
  );
  const hostile = [
    '$(id)',
    '"',
    "'",
    '\\',
    '#',
    ': ',
    '- ',
    '{',
    '$[[ inputs.paths ]]',
    '##vso[',
    '::error::',
    '%0A',
    '&x',
    '*x',
    '!!',
    '|',
  ];
  const told = patterns.filter(({ name }) => !['stage', 'job-prefix'].includes(name));

  test.each(told)('as $name comes to the command as it is, and changes nothing else', ({ name, regex }) => {
    const pattern = new RegExp(regex);
    const texts = fc.oneof(fc.constantFrom(...hostile), fc.string()).map((part) => `${part}${part}`);
    const values = fc.oneof(fc.stringMatching(pattern), texts);
    const variable = name.startsWith('cli') ? `SIGNWRIGHT_${upper(name)}` : `SIGNWRIGHT_INPUT_${upper(name)}`;
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(pattern.test(value));
        const job = jobOf('verify', { [name]: value });
        expect(valuesOf(job)).toEqual({ ...valuesOf(usual), [variable]: value });
        if (name !== 'reports') expect({ ...job, variables: {} }).toEqual({ ...usual, variables: {} });
      }),
      { numRuns: 30 },
    );
  });

  test.each(['stage', 'job-prefix'])('as %s is a name, and changes nothing else', (name) => {
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(specOf(of('verify'))[name]?.regex ?? '^$')), (value) => {
        const jobs = renderComponent(of('verify'), { ...SHA256, [name]: value });
        const [job = ''] = Object.keys(jobs);
        expect(name === 'stage' ? jobs[job]?.['stage'] : job).toBe(name === 'stage' ? value : `${value}verify`);
        expect({ ...jobs[job], stage: '' }).toEqual({ ...usual, stage: '' });
      }),
      { numRuns: 30 },
    );
  });
});

describe('GitLab refuses, when the pipeline is made,', () => {
  test.each([
    ['a quote that would end the text', { policy: "x'" }],
    ['a line break', { environment: 'a\nb' }],
    ['what is a line break to YAML 1.1 alone', { paths: 'a\u0085evil: x' }],
    ['a digest that is none', { 'cli-sha256': 'latest' }],
    ['no digest', { 'cli-sha256': '' }],
    ['a prefix that hides the job', { 'job-prefix': '.hidden-' }],
    ['a list for a text', { paths: ['dist'] }],
    ['a word for a boolean', { attest: 'true' }],
    ['a time that is not among the options', { 'expire-in': '2 days' }],
    ['reports elsewhere', { reports: '../x' }],
    ['reports nowhere', { reports: '' }],
    ['an unknown input', { evnironment: 'x' }],
  ])('%s', (_, given) => {
    expect(() => jobOf('verify', given)).toThrow(/does not match|not been provided|is not a|options|unknown/);
  });
});

describe('the whole pipeline', () => {
  const jobs = renderComponent(of('full-pipeline'), { ...SHA256, 'build-job': 'build', environment: 'production' });
  const needs = (command: JobCommand) => jobs[`signwright-${command}`]?.['needs'];

  test('builds once: each job has the files of the build, and what the jobs before it left', () => {
    const left = (job: string) => ({ job, artifacts: true });
    expect(JOB_COMMANDS.map((command) => needs(command))).toEqual([
      [{ ...left('build'), optional: true }],
      [left('build')],
      [left('build'), left('signwright-sign')],
      [left('build'), left('signwright-sign'), left('signwright-request-approval')],
    ]);
  });

  test('plans in merge requests, and signs where it is protected', () => {
    expect(jobs['signwright-plan']?.['rules']).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
    expect(jobs['signwright-sign']?.['rules']).toEqual(jobs['signwright-verify']?.['rules']);
  });

  test('tells each job what is for it', () => {
    const told = (command: JobCommand) => Object.keys(jobs[`signwright-${command}`]?.variables ?? {});
    expect(told('sign')).not.toContain('SIGNWRIGHT_INPUT_ATTEST');
    expect(told('verify')).not.toContain('SIGNWRIGHT_INPUT_SIDECARS');
    for (const command of JOB_COMMANDS) expect(told(command)).toContain('SIGNWRIGHT_INPUT_ENVIRONMENT');
  });
});
