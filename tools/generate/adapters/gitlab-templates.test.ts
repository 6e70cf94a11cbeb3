import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INPUTS, JOB_COMMANDS, type JobCommand, RELEASE_COMMANDS } from '../../../packages/apps/cli/src/job/inputs.ts';
import { gitlabTemplates } from './gitlab-templates.ts';
import { type RenderedJob, renderComponent, specOf } from './render-component.ts';

const templates = await gitlabTemplates();
const of = (name: string): string => templates.get(`templates/${name}.yml`) ?? '';
const SHA256 = { 'cli-sha256': 'a'.repeat(64) };
const COMPONENTS = [...templates.keys()].map((path) => path.slice('templates/'.length, -'.yml'.length));

const callOf = ({ script }: RenderedJob): string => script.find((line) => line.includes("3<<'END OF INPUTS'\n")) ?? '';
const valuesOf = (job: RenderedJob): Record<string, string> => {
  const [, ...lines] = callOf(job).split('\n');
  expect(lines.splice(-2)).toEqual(['END OF INPUTS', '']);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
};
/** The job without what it hands on to the command. */
const besides = (job: RenderedJob) => ({ ...job, script: job.script.filter((line) => line !== callOf(job)) });
const jobOf = (command: JobCommand, given: Readonly<Record<string, unknown>> = {}): RenderedJob =>
  Object.values(renderComponent(of(command), { ...SHA256, ...given }))[0] as RenderedJob;

test('there is a component for each command, and one with all of a release', () => {
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
    const needed = Object.keys(spec).filter((input) => !('default' in (spec[input] ?? {})));
    expect(needed).toEqual(name === 'full-pipeline' ? ['build-job'] : []);
  });

  test('has the inputs of the table that are for it on GitLab', () => {
    const its = INPUTS.filter(
      ({ commands, platforms }) =>
        (name === 'full-pipeline'
          ? RELEASE_COMMANDS.some((one) => commands.includes(one))
          : commands.includes(name as JobCommand)) &&
        (platforms?.includes('gitlab') ?? true),
    );
    expect(Object.keys(spec)).toEqual(expect.arrayContaining(its.map((input) => input.name)));
  });

  test('defines its jobs and no keyword of the whole pipeline', () => {
    const jobs = renderComponent(of(name), { ...given, 'job-prefix': 'sw:' });
    const commands = name === 'full-pipeline' ? RELEASE_COMMANDS : [name];
    expect(Object.keys(jobs)).toEqual(commands.map((command) => `sw:${command}`));
  });

  test('stops where its command does, keeps what it says, and lets no script or cache of others in', () => {
    for (const job of Object.values(renderComponent(of(name), given))) {
      expect(job).toMatchObject({ allow_failure: false, cache: [], inherit: { default: ['image', 'tags'] } });
      expect(job).toMatchObject({ artifacts: { when: 'always', reports: { dotenv: 'signwright-reports/outputs.env' } } });
      expect(Object.keys(job)).not.toContain('retry');
      expect(job['rules']).toEqual([{ if: expect.stringMatching(/merge_request_event|CI_COMMIT_REF_PROTECTED|schedule/) }]);
    }
  });

  test('hands on values in a text the shell leaves alone, and none in variables, which others could override', () => {
    for (const job of Object.values(renderComponent(of(name), given)))
      expect(Object.keys(job.variables ?? {}).filter((variable) => variable !== 'GIT_DEPTH')).toEqual([]);
    const [, body = ''] = of(name).split(/^---\n/m);
    const scripts = body.match(/^ {2}script:\n[\s\S]*?^ {2}\w/gm) ?? [];
    expect(scripts.length).toBe(name === 'full-pipeline' ? 4 : 1);
    const elsewhere = scripts
      .join('')
      .split('\n')
      .filter((line) => line.includes('$[[') && !/^ {6}[a-z0-9-]+=\$\[\[ inputs\.[a-z0-9-]+ \]\]$/.test(line));
    for (const line of elsewhere) expect(line).toMatch(/'\$\[\[ inputs\.(?:path|reports) \]\](?:\/result\.json)?'/);
  });

  test('begins without what a job before could have brought along', () => {
    for (const job of Object.values(renderComponent(of(name), given))) {
      expect(job.script[0]).toMatch(/^export PATH='\/[^']*' GIT_CONFIG_GLOBAL=\/dev\/null$/);
      expect(job.script[1]).toMatch(/^unset NODE_OPTIONS .*LD_PRELOAD/);
      expect(job.script[2]).toBe("rm -rf -- 'signwright-reports'");
      expect(job.script.at(-1)).toBe("test -s 'signwright-reports/result.json' || exit 70");
    }
  });

  test('has the launcher as it is', () => {
    const launcher = fileURLToPath(new URL('../../../packages/adapters/launcher/launch.cjs', import.meta.url));
    for (const job of Object.values(renderComponent(of(name), given)))
      expect(job.script[3]).toContain(`\n${readFileSync(launcher, 'utf8')}END OF LAUNCHER\n`);
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
  const told = patterns.filter(({ name }) => !['stage', 'job-prefix', 'files', 'path', 'reports', 'expire-in'].includes(name));

  test.each(told)('as $name comes to the command as it is, and changes nothing else', ({ name, regex }) => {
    const pattern = new RegExp(regex);
    const texts = fc.oneof(fc.constantFrom(...hostile), fc.string()).map((part) => `${part}${part}`);
    const values = fc.oneof(fc.stringMatching(pattern), texts);
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(pattern.test(value));
        const job = jobOf('verify', { [name]: value });
        expect(valuesOf(job)).toEqual({ ...valuesOf(usual), [name]: value });
        expect(besides(job)).toEqual(besides(usual));
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
    expect(RELEASE_COMMANDS.map((command) => needs(command))).toEqual([
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
    const told = (command: JobCommand) => Object.keys(valuesOf(jobs[`signwright-${command}`] as RenderedJob));
    expect(told('sign')).not.toContain('attest');
    expect(told('verify')).not.toContain('sidecars');
    for (const command of RELEASE_COMMANDS) expect(told(command)).toContain('environment');
  });
});
