import type { Sha256, Verdict } from '@signwright/signing-core';
import fc from 'fast-check';
import { lexer, type Token, walkTokens } from 'marked';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { oneLine } from '../escape/one-line.ts';
import { renderPlan } from '../plan/render-plan.ts';
import { type ReportFormat, renderVerdicts } from './render-verdicts.ts';

const DIGEST: Sha256 = `sha256:${'ab'.repeat(32)}`;

/** A verdict in which every text that comes from outside is `hostile`. */
function verdictOf(hostile: string): Verdict {
  return {
    result: 'deny',
    artifact: { name: hostile, kind: 'file', digest: DIGEST },
    environment: hostile,
    moment: 'release',
    at: '2026-01-02T03:04:05.678Z',
    anchored: false,
    development: true,
    enforced: true,
    policy: { name: hostile, digest: DIGEST },
    tiers: [hostile],
    requirements: DIGEST,
    signedAs: { name: hostile, kind: hostile },
    outcomes: [
      {
        requirement: hostile,
        layer: hostile,
        status: 'unmet',
        code: 'signatures-refused',
        message: hostile,
        evidence: [DIGEST],
        refused: [{ evidence: DIGEST, code: 'malformed', message: hostile }],
        next: { text: hostile, command: hostile },
      },
    ],
  };
}

const HOSTILE = [
  'a\n::error::forged',
  '::error file=x::forged',
  'a ::set-output name=x::y',
  '##vso[task.setvariable variable=x]y',
  '###vso[task.complete result=Succeeded;]',
  'x##[section]forged',
  '%0A##vso[task.complete result=Succeeded;]',
  "##teamcity[testFinished name='x']",
  'section_start:1:x\r\u001b[0Kforged',
  '\u001b[2J\u001b[31mred',
  '\u009b31m',
  '\u202egnp.exe',
  'a\u2028b\u2029c\u0085d',
  ']]></failure></testcase><testcase name="forged"/>',
  '" onload="x',
  "' & <b>&lt;",
  '`code` | cell | <img src=x onerror=y>',
  '``|`a',
  '\\|\\`\\',
  '[link](https://evil.example) https://evil.example www.evil.example a@evil.example',
  '![image](https://evil.example/x.png)',
  '@all #1 !1 :tada: ~label $math$ **bold**',
  '<!-- -->',
  '\u0000\u0008\u007f\ufffe\uffff\ud800',
  '   ',
  '',
  '=HYPERLINK("https://evil.example")',
];

const FORMATS: readonly ReportFormat[] = ['text', 'json', 'junit', 'markdown', 'html', 'sarif'];
const render = (hostile: string, format: ReportFormat): string => renderVerdicts([verdictOf(hostile)], format, { color: false });
const lines = (report: string): string[] => report.split(/\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/);

/** Anything a name can be: the examples, pieces of them, any Unicode. */
const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.array(fc.constantFrom(...Array.from(HOSTILE.join(''))), { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  fc.tuple(fc.constantFrom(...HOSTILE), fc.constantFrom(...HOSTILE)).map((parts) => parts.join('')),
);

describe.each(FORMATS)('in %s', (format) => {
  test('no name adds a line, moves the cursor, hides text or gives the CI system a command', () => {
    const expected = lines(render('plain', format)).length;
    fc.assert(
      fc.property(anyName, (name) => {
        const report = render(name, format);
        expect(lines(report)).toHaveLength(expected);
        expect(report).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(report).not.toMatch(/##\w*\[/);
        expect(report).not.toMatch(/^\s*::/m);
      }),
      { numRuns: 300 },
    );
  });
});

test('broken over several lines, a name still begins none with a command', () => {
  const report = renderVerdicts([verdictOf(`${'x'.repeat(30)} ::error::forged ${'y'.repeat(30)}`)], 'text', {
    color: false,
    width: 40,
  });
  expect(report).not.toMatch(/^\s*::/m);
});

test('JSON and SARIF carry every name unchanged', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      expect(JSON.parse(render(name, 'json')).verdicts).toEqual([verdictOf(name)]);
      expect(JSON.parse(render(name, 'sarif')).runs[0].results[0].properties.artifact.name).toBe(name);
    }),
  );
});

function elements(xml: string): string[] {
  const seen: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => seen.push(`${tag.name} ${Object.keys(tag.attributes).join(' ')}`));
  parser.write(xml).close();
  return seen;
}

test('JUnit stays well-formed XML with the same elements, whatever the names', () => {
  const expected = elements(render('plain', 'junit'));
  expect(expected).toHaveLength(4);
  fc.assert(
    fc.property(anyName, (name) => {
      expect(elements(render(name, 'junit'))).toEqual(expected);
    }),
  );
});

/** What is shown is well-formed XML too, but for line breaks. */
const elementsOfBody = (html: string): string[] => elements(`<body>${html.replaceAll('<br>', '<br/>')}</body>`);

test('HTML keeps its elements, whatever the names, and none has an attribute or runs, loads or leads anywhere', () => {
  for (const show of [
    (name: string) => render(name, 'html'),
    (name: string) => renderPlan(PLAN(`x${name}`), 'html', { color: false }),
  ]) {
    const expected = elementsOfBody(show('plain'));
    const allowed = ['body', 'h3', 'table', 'tr', 'th', 'td', 'code', 'strong', 'ul', 'li', 'br'];
    expect(expected.filter((element) => !allowed.includes(element.trim()) || !element.endsWith(' '))).toEqual([]);
    fc.assert(
      fc.property(anyName, (name) => {
        expect(elementsOfBody(show(name))).toEqual(expected);
      }),
    );
  }
});

test('HTML shows names in full', () => {
  const name = `<a & b> "c" 'd' <script>alert(1)</script>`;
  let shown = '';
  const parser = new SaxesParser();
  parser.on('text', (text) => {
    shown += `${text}\n`;
  });
  parser.write(`<body>${render(name, 'html').replaceAll('<br>', '<br/>')}</body>`).close();
  expect(shown.split('\n')).toContain(oneLine(name));
});

test('JUnit shows names in full', () => {
  const name = `<a & b> "c" 'd' ]]>\n`;
  const parser = new SaxesParser();
  let shown: unknown;
  parser.on('opentag', (tag) => {
    if (tag.name === 'testcase') shown = tag.attributes['classname'];
  });
  parser.write(render(name, 'junit')).close();
  expect(shown).toBe(oneLine(name));
});

test('SARIF messages hold no link and no placeholder of a name', () => {
  const { text } = JSON.parse(render('[click](https://evil.example) {0}', 'sarif')).runs[0].results[0].message;
  expect(text).toContain('click');
  expect(text).not.toMatch(/[[\]{}]/);
});

const shapeOf = (markdown: string): string[] => {
  const seen: string[] = [];
  void walkTokens(lexer(markdown, { gfm: true }), (token: Token) => {
    seen.push(token.type === 'html' ? token.raw : token.type);
  });
  return seen;
};

test('Markdown keeps its shape: no name makes a link, an image, HTML, emphasis or a cell', () => {
  const expected = shapeOf(render('plain', 'markdown'));
  expect(expected).not.toContain('link');
  fc.assert(
    fc.property(anyName, (name) => {
      expect(shapeOf(render(name, 'markdown'))).toEqual(expected);
    }),
  );
});

const PLAN = (name: string) => [
  {
    name,
    kind: name,
    status: 'required',
    tiers: [name],
    rule: { name, where: name },
    owner: name,
    reason: name,
    requirements: [name],
  } as const,
];

test.each(['text', 'json', 'markdown', 'html', 'csv'] as const)('a plan as %s is as safe', (format) => {
  const report = (name: string): string => renderPlan(PLAN(name), format, { color: false });
  const expected = lines(report('plain')).length;
  fc.assert(
    fc.property(anyName, (name) => {
      const shown = report(name);
      expect(lines(shown)).toHaveLength(expected);
      expect(shown).not.toMatch(/##\w*\[/);
      expect(shown).not.toMatch(/^\s*::/m);
      expect(shown).not.toMatch(/[^\P{Cc}\r\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});
