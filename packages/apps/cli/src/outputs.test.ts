import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const HOSTILE = 'dist/<b>&"\'`|]]> ✓ allow  other.tgz %0A::error::x \u202Egnp.exe ##vso[task.complete].bin';
const SIGNED = 'dist/naïve name.bin';
const FORMATS = ['text', 'json', 'junit', 'markdown', 'sarif'];

let here: Workspace;
const outputs = new Map<string, string>();
beforeAll(async () => {
  here = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: internal }'),
    files: { [SIGNED]: 'signed' },
  });
  expect(await here.run(['sign'])).toMatchObject({ status: 0 });
  here.write(HOSTILE, 'not signed');
  for (const format of FORMATS) {
    const { status, stdout, stderr } = await here.run(['verify', '--output', format], { env: { FORCE_COLOR: '1' } });
    expect([status, stderr], format).toEqual([1, '']);
    outputs.set(format, stdout);
  }
});
afterAll(() => here.remove());

const output = (format: string): string => outputs.get(format) ?? '';

describe('the output of verify', () => {
  test('json is one JSON document and nothing else', () => {
    expect(JSON.parse(output('json'))).toMatchObject({
      version: 1,
      result: 'deny',
      verdicts: [
        { result: 'deny', artifact: { name: HOSTILE }, anchored: false, outcomes: [{ status: 'unmet', code: 'no-signature' }] },
        { result: 'allow', artifact: { name: SIGNED }, development: true, moment: 'release' },
      ],
    });
  });

  test('junit is well-formed, one test case a requirement', () => {
    const xml = output('junit');
    expect(xml).toContain('tests="2" failures="1"');
    expect(tagsOf(xml)).toEqual([]);
    expect(xml).not.toContain('<b>');
    expect(xml).not.toContain('\u202e');
  });

  test('sarif has a result for what is denied', () => {
    const sarif = JSON.parse(output('sarif')) as { version: string; runs: { results: { ruleId: string; level: string }[] }[] };
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0]?.results).toHaveLength(1);
    expect(sarif.runs[0]?.results[0]).toMatchObject({ level: 'error' });
  });

  test('markdown keeps a table row a line, and no name opens markup', () => {
    const rows = output('markdown').split('\n');
    expect(rows.filter((line) => line.startsWith('| allow |'))).toEqual([expect.stringContaining(SIGNED)]);
    expect(rows.filter((line) => line.startsWith('| **deny** |'))).toHaveLength(1);
    expect(output('markdown')).not.toContain('\n<b>');
  });

  test('text has one verdict a line, whatever a file is called', () => {
    const lines = output('text').split('\n');
    expect(lines.filter((line) => line.startsWith('✓ allow'))).toEqual([`✓ allow  ${SIGNED}  (internal)`]);
    expect(lines.filter((line) => line.startsWith('✗ deny'))).toHaveLength(1);
  });

  test.each(FORMATS)('%s has no colour off a terminal, no control character, and no line a CI takes for a command', (format) => {
    expect(output(format)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    for (const line of output(format).split('\n')) expect(line).not.toMatch(/^\s*(::|##vso|##\[)/);
  });

  test('of sign is the same kind of document', async () => {
    const { status, stdout } = await here.run(['sign', SIGNED, '--output', 'json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'allow', verdicts: [{ moment: 'sign' }] });
  });

  test('leaves stdout empty where nothing was decided', async () => {
    const { status, stdout, stderr } = await here.run(['verify', 'no/such', '--output', 'json']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error:');
  });
});

/** The tags of an XML text that are not closed in order. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  for (const [, close, name = '', selfClosed] of xml.matchAll(/<(\/?)([a-z]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close) {
      if (open.pop() !== name) return [name];
    } else if (!selfClosed) open.push(name);
  }
  const text = xml.replace(/<\?xml[^>]*\?>/, '').replaceAll(/<(\/?)([a-z]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g, '');
  return /[<]|&(?!(amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.test(text) ? ['text'] : open;
}
