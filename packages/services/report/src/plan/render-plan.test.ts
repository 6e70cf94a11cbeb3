import { expect, test } from 'vitest';
import { type PlanRow, renderPlan } from './render-plan.ts';

const REQUIRED: PlanRow = {
  name: 'dist/a.tgz',
  kind: 'package',
  status: 'required',
  tiers: ['internal', 'production'],
  rule: { name: 'packages', where: 'signwright.yaml:12:5' },
  owner: 'team-sdk',
  requirements: ['signature:build', 'signature:release'],
};
const bare = (name: string, status: PlanRow['status']): PlanRow => ({ name, kind: 'file', status, tiers: [], requirements: [] });
const render = (rows: readonly PlanRow[], format: 'text' | 'json' | 'markdown' | 'html' | 'csv'): string =>
  renderPlan(rows, format, { color: false });

test('text is a table without empty columns, then what each status means', () => {
  expect(render([REQUIRED, bare('x', 'unlisted')], 'text').split('\n')).toEqual([
    'file        kind     status    tier                   requires                            owner     rule',
    'dist/a.tgz  package  required  internal + production  signature:build, signature:release  team-sdk  packages @ signwright.yaml:12:5',
    'x           file     unlisted',
    'unlisted: add a rule for each, or "sign: never": what no rule names is denied',
    '2 files: 1 to sign, 1 unlisted',
    '',
  ]);
});

test('where the environment decides, text says how to name it', () => {
  expect(render([bare('x', 'environment-needed')], 'text')).toContain('name one with --environment');
  expect(render([bare('x', 'environment-not-listed')], 'text')).toContain('denied there');
});

test('a plan of nothing says so in each format', () => {
  expect(render([], 'text')).toBe('0 files\n');
  expect(JSON.parse(render([], 'json'))).toEqual({ version: 1, artifacts: [] });
  expect(render([], 'csv')).toBe('name,kind,status,tiers,rule,where,owner,reason,requirements\r\n');
});

test('json carries the rows as they are', () => {
  expect(JSON.parse(render([REQUIRED], 'json'))).toEqual({ version: 1, artifacts: [REQUIRED] });
});

test('csv has a header, CRLF, and quotes what needs it', () => {
  const rows = [{ ...REQUIRED, reason: 'it is "shipped", yes' }];
  expect(render(rows, 'csv').split('\r\n')).toEqual([
    'name,kind,status,tiers,rule,where,owner,reason,requirements',
    'dist/a.tgz,package,required,internal production,packages,signwright.yaml:12:5,team-sdk,"it is ""shipped"", yes",signature:build signature:release',
    '',
  ]);
});

test.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', '＝1'])('a name like %j is no formula to a spreadsheet', (name) => {
  const [, row] = render([bare(name, 'unlisted')], 'csv').split('\r\n');
  expect(row).toMatch(/^"?'/);
});

test('markdown is a table in which names are code', () => {
  expect(render([REQUIRED], 'markdown').split('\n')[2]).toContain(
    '| `dist/a.tgz` | `package` | `required` | `internal production` |',
  );
});

test('html is the same table, for the body of a page', () => {
  expect(render([REQUIRED], 'html')).toContain(
    '<tr><td><code>dist/a.tgz</code></td><td><code>package</code></td><td><code>required</code></td>',
  );
});
