import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EXTENSION } from './azure-agent.ts';
import type { PipelineStep } from './azure-pipeline.ts';

// The step of place.yml that brings the files of the build to where the parameter of a project says.

const { steps } = parse(readFileSync(join(EXTENSION, 'templates/place.yml'), 'utf8')) as { steps: readonly PipelineStep[] };
const script = steps.find(({ bash }) => bash !== undefined)?.bash ?? '';

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'signwright-place-'));
  mkdirSync(join(workspace, 'signwright-files'));
  mkdirSync(join(workspace, 's'));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

/** As the agent starts it. */
function place(files: string) {
  const env = { PATH: '/usr/bin:/bin', PIPELINE_WORKSPACE: workspace, FILES: files };
  const options = { cwd: join(workspace, 's'), env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', script], options);
  return { status, stdout, stderr, left: existsSync(join(workspace, 'signwright-files')) };
}

test.each(['dist', 'out/app-1.2', '_build/x_y/Z'])('the files are placed at %s', (files) => {
  expect(place(files)).toMatchObject({ status: 0, left: false });
  expect(existsSync(join(workspace, 's', files))).toBe(true);
});

const ELSEWHERE = ['', '.', '..', '/tmp/x', '../x', 'a/../../x', 'a/..', '.git', 'a/.git/hooks', 'a//b', 'a/', '-t', '~', 'é'];
const NO_NAMES = ['a b', 'a;b', 'a\nb', '..\na', 'C:\\x', 'a\\..\\..\\x', '$(touch x)', '##vso[task.complete result=Succeeded]'];

test.each([...ELSEWHERE, ...NO_NAMES])('the files are not placed at %j', (files) => {
  const ran = place(files);
  expect(ran).toMatchObject({ status: 2, left: true, stdout: '' });
  expect(ran.stderr).toMatch(/^the parameter files is no plain relative path: .*\n$/);
});
