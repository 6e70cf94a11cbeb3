import type { Outcome, Sha256, Verdict } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { renderVerdicts } from './render-verdicts.ts';

const DIGEST: Sha256 = `sha256:${'ab'.repeat(32)}`;
const EVIDENCE: Sha256 = `sha256:${'cd'.repeat(32)}`;

const MET: Outcome = {
  requirement: 'signature:build',
  layer: 'central',
  status: 'met',
  code: 'signature-verified',
  message: 'signed by https://ci.example/acme/app at 2026-01-02T03:04:05.000Z',
  evidence: [EVIDENCE],
  refused: [],
};
const UNMET: Outcome = {
  requirement: 'signature:release',
  layer: 'central',
  status: 'unmet',
  code: 'signatures-refused',
  message: 'no signature by release counts: 1 found and refused',
  evidence: [],
  refused: [{ evidence: EVIDENCE, code: 'identity-mismatch', message: 'the certificate names acme-evil/app' }],
  next: { text: 'sign it in the pipeline acme/app', command: 'signwright sign dist/a.tgz' },
};
const UNREACHED: Outcome = {
  ...UNMET,
  status: 'inconclusive',
  code: 'evidence-unreachable',
  message: 'the store is down',
  refused: [],
};

function verdict(changed: Partial<Verdict> = {}): Verdict {
  return {
    result: 'allow',
    artifact: { name: 'dist/a.tgz', kind: 'package', digest: DIGEST },
    environment: 'default',
    moment: 'release',
    at: '2026-01-02T03:04:05.678Z',
    anchored: true,
    development: false,
    enforced: true,
    policy: { name: 'acme', digest: DIGEST },
    tiers: ['production'],
    requirements: DIGEST,
    outcomes: [MET],
    ...changed,
  };
}

const denied = verdict({
  result: 'deny',
  outcomes: [MET, UNMET],
  artifact: { name: 'dist/b.tgz', kind: 'package', digest: DIGEST },
});
const unreached = verdict({ result: 'inconclusive', outcomes: [UNREACHED] });
const text = (verdicts: readonly Verdict[], options = {}): string =>
  renderVerdicts(verdicts, 'text', { color: false, ...options });

describe('text', () => {
  test('an allowed artifact shows its tier and each requirement: who met it, when, and by what evidence', () => {
    expect(text([verdict()]).split('\n').slice(0, -2)).toEqual([
      '✓ allow  dist/a.tgz  (production)',
      '    ✓ signature:build  met: signature-verified',
      '        signed by https://ci.example/acme/app at 2026-01-02T03:04:05.000Z, evidence sha256:cdcdcdcdcdcd…',
    ]);
  });

  test('a next step that several requirements of an artifact share is shown once, after the last of them', () => {
    const other = { ...UNMET, requirement: 'signature:audit' };
    const [first, second, third] = [UNMET, other, { ...UNMET, next: { text: 'wait' } }];
    const shown = text([{ ...denied, outcomes: [first, second, third] }]);
    expect(shown.match(/→ .*/g)).toEqual(['→ sign it in the pipeline acme/app', '→ wait']);
    expect(shown.match(/^ +signwright sign/gm)).toHaveLength(1);
    expect(shown.indexOf('→ sign it')).toBeGreaterThan(shown.indexOf('signature:audit'));
  });

  test('what else would do is shown after the next step, in every form', () => {
    const or = { text: '1 of security may waive it', command: 'signwright waive window dist/b.tgz' };
    const all = [{ ...denied, outcomes: [{ ...UNMET, next: { text: 'wait', or } }] }];
    expect(text(all)).toMatch(/→ wait\n {6}→ or 1 of security may waive it\n {8}signwright waive window dist\/b\.tgz\n/);
    for (const format of ['markdown', 'html', 'junit', 'sarif', 'json'] as const)
      expect(renderVerdicts(all, format, { color: false })).toMatch(
        /wait[\s\S]*1 of security may waive it[\s\S]*signwright waive window/,
      );
  });

  test('a broken glass that nobody has reviewed is told, with the command that reviews it', () => {
    const broken = [verdict({ unreviewed: [EVIDENCE] }), verdict({ unreviewed: [EVIDENCE] })];
    const told = `the glass was broken, and nobody has reviewed why: signwright review ${EVIDENCE} --reason …`;
    expect(
      text(broken)
        .split('\n')
        .filter((line) => line === told),
    ).toHaveLength(1);
    expect(renderVerdicts(broken, 'markdown', { color: false })).toContain(told);
    expect(JSON.parse(renderVerdicts(broken, 'json', { color: false }))).toMatchObject({
      verdicts: [{ unreviewed: [EVIDENCE] }, {}],
    });
    expect(text([verdict()])).not.toContain('review');
  });

  test('a denied artifact shows each requirement, what was refused and why, and the next step with its command', () => {
    expect(text([denied]).split('\n').slice(0, -2)).toEqual([
      '✗ deny  dist/b.tgz  (production)',
      '    ✓ signature:build  met: signature-verified',
      '        signed by https://ci.example/acme/app at 2026-01-02T03:04:05.000Z, evidence sha256:cdcdcdcdcdcd…',
      '    ✗ signature:release  unmet: signatures-refused',
      '        no signature by release counts: 1 found and refused',
      '        refused sha256:cdcdcdcdcdcd… (identity-mismatch): the certificate names acme-evil/app',
      '      → sign it in the pipeline acme/app',
      '        signwright sign dist/a.tgz',
    ]);
  });

  test('the last line sums up: how many, by which policy, and that it is not anchored', () => {
    const lines = text([verdict({ anchored: false }), verdict({ anchored: false }), { ...denied, anchored: false }])
      .trimEnd()
      .split('\n');
    expect(lines.at(-1)).toMatch(
      /^3 artifacts: 2 allow, 1 deny · policy acme sha256:abababababab… · not anchored: .*--anchor FILE/,
    );
  });

  test('it says what anchors the policy, by the name the user gave it, and only where all of it is anchored', () => {
    expect(text([verdict()], { anchor: 'ci/anchor.yaml' })).toContain(' · anchored by ci/anchor.yaml\n');
    expect(text([verdict()])).toMatch(/ · anchored\n$/);
    expect(text([verdict(), verdict({ anchored: false })], { anchor: 'ci/anchor.yaml' })).not.toContain('anchored by');
    const markdown = renderVerdicts([verdict()], 'markdown', { color: false, anchor: 'a`b' });
    expect(markdown).toContain('- anchored by `a\\u{60}b`\n');
  });

  test('a verdict that rests on a trial root, or is only observed, says so', () => {
    expect(text([verdict({ development: true })])).toContain('development: true');
    expect(text([{ ...denied, enforced: false }])).toContain('does not block');
    expect(text([verdict()])).not.toMatch(/development|observed/);
  });

  test('an environment other than the default, and another name in the signed part, are shown', () => {
    const shown = text([verdict({ environment: 'public', signedAs: { name: 'out/a.tgz', kind: 'sbom' } })]);
    expect(shown).toContain('(production) · environment public · signed as out/a.tgz (sbom)');
  });

  test('more than twenty allowed artifacts are a line a tier; what is not allowed is still shown in full', () => {
    const many = [
      ...Array.from({ length: 1200 }, () => verdict()),
      ...Array.from({ length: 3 }, () => verdict({ tiers: ['internal'] })),
      denied,
    ];
    const lines = text(many).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '✓ allow  1,200 artifacts  (production)',
      '✓ allow  3 artifacts  (internal)',
      '✗ deny  dist/b.tgz  (production)',
    ]);
    expect(text(Array.from({ length: 20 }, () => verdict())).match(/signature:build {2}met/g)).toHaveLength(20);
  });

  test('explain shows every artifact with every requirement', () => {
    const shown = text(
      Array.from({ length: 21 }, () => verdict()),
      { explain: true },
    );
    expect(shown.match(/signature:build {2}met/g)).toHaveLength(21);
  });

  test('colour comes only when it is asked for, and never changes the words', () => {
    const colours = /\u001b\[\d+m/g;
    const painted = text([denied, unreached], { color: true });
    expect(painted).toMatch(colours);
    expect(painted.replace(colours, '')).toBe(text([denied, unreached]));
  });

  test('given a width, sentences break between words to fit', () => {
    const lines = text([denied], { width: 40 }).split('\n');
    expect(lines.filter((line) => line.length > 40 && /^ {6}.* /.test(line))).toEqual([]);
    expect(lines).toContain('        no signature by release counts:');
  });

  test('of nothing it says that nothing was decided', () => {
    expect(text([])).toBe('0 artifacts: nothing was decided\n');
  });
});

describe('of signing', () => {
  const signed = verdict({ moment: 'sign' });
  const refused = { ...denied, moment: 'sign' as const };

  test('nothing is called allowed, for others may still have to sign', () => {
    expect(text([signed, refused]).split('\n')).toEqual(
      expect.arrayContaining(['✓ signed  dist/a.tgz  (production)', '✗ not signed  dist/b.tgz  (production)']),
    );
    expect(text([signed, refused])).toContain('2 artifacts: 1 signed, 1 not signed');
    expect(text(Array.from({ length: 21 }, () => signed))).toContain('✓ signed  21 artifacts  (production)');
    const markdown = renderVerdicts([signed, refused], 'markdown', { color: false });
    expect(markdown).toContain('### 2 artifacts: 1 signed, 1 not signed\n');
    expect(markdown).toContain('| signed | `dist/a.tgz` |');
    expect(markdown).toContain('| **not signed** | `dist/b.tgz` |');
    for (const format of ['text', 'markdown', 'html', 'junit'] as const)
      expect(renderVerdicts([signed, refused, { ...signed, outcomes: [] }], format, { color: false })).not.toMatch(/allow/);
  });

  test('json keeps its words, for programs', () => {
    expect(JSON.parse(renderVerdicts([signed], 'json', { color: false }))).toMatchObject({
      result: 'allow',
      verdicts: [{ result: 'allow', moment: 'sign' }],
    });
  });
});

describe('json', () => {
  const parse = (verdicts: readonly Verdict[]) => JSON.parse(renderVerdicts(verdicts, 'json', { color: true }));

  test('it is one object of version 1 with the verdicts as they are and the worst result', () => {
    expect(parse([verdict(), denied, unreached])).toEqual({
      version: 1,
      result: 'deny',
      verdicts: [verdict(), denied, unreached],
    });
    expect(parse([verdict(), unreached]).result).toBe('inconclusive');
    expect(parse([verdict()]).result).toBe('allow');
  });

  test('of nothing the result is deny, for nothing was decided', () => {
    expect(parse([])).toEqual({ version: 1, result: 'deny', verdicts: [] });
  });
});

describe('junit', () => {
  const junit = (...verdicts: Verdict[]): string => renderVerdicts(verdicts, 'junit', { color: false });

  test('each requirement of each artifact is a test case; unmet fails, inconclusive errs', () => {
    const report = junit(verdict(), denied, unreached);
    expect(report).toContain('<testsuites name="signwright" tests="4" failures="1" errors="1" skipped="0" time="0">');
    expect(report).toContain(
      '<testsuite name="dist/b.tgz" tests="2" failures="1" errors="0" skipped="0" time="0" timestamp="2026-01-02T03:04:05">',
    );
    expect(report).toContain('<testcase classname="dist/b.tgz" name="signature:build (default)" file="dist/b.tgz" time="0"/>');
    expect(report).toContain('<failure message="no signature by release counts: 1 found and refused" type="signatures-refused">');
    expect(report).toContain('<error message="the store is down" type="evidence-unreachable">');
  });

  test('pending approvals fail: what waits is not green', () => {
    expect(junit(verdict({ result: 'pending', outcomes: [{ ...UNMET, status: 'pending' }] }))).toContain('<failure ');
  });

  test('what is only observed is skipped, so that it fails no build', () => {
    const report = junit({ ...denied, enforced: false });
    expect(report).toContain('failures="0" errors="0" skipped="1"');
    expect(report).not.toContain('<failure');
  });
});

describe('markdown', () => {
  test('a table of artifacts, then a table of what stands against them, then what the verdict rests on', () => {
    const report = renderVerdicts([verdict(), { ...denied, anchored: false, development: true }], 'markdown', { color: false });
    expect(report).toContain('### 2 artifacts: 1 allow, 1 deny\n');
    expect(report).toContain('| **deny** | `dist/b.tgz` | `default` | `production` |');
    expect(report).toContain('| `dist/b.tgz` | `signature:release` | unmet: signatures-refused |');
    expect(report).toContain('`signwright sign dist/a.tgz`');
    expect(report).toMatch(/- not anchored: .*\n- development: true/);
  });
});

describe('html', () => {
  test('the same tables and notes, for the body of a page', () => {
    const report = renderVerdicts([verdict(), { ...denied, anchored: false, development: true }], 'html', { color: false });
    expect(report).toContain('<h3>2 artifacts: 1 allow, 1 deny</h3>\n');
    expect(report).toContain('<td><strong>deny</strong></td><td><code>dist/b.tgz</code></td><td><code>default</code></td>');
    expect(report).toContain('<td><code>signature:release</code></td><td>unmet: signatures-refused</td>');
    expect(report).toContain('<code>signwright sign dist/a.tgz</code>');
    expect(report).toMatch(/<li>not anchored: .*<code>--anchor FILE<\/code>.*<\/li>\n<li>development: true/);
    expect(report).not.toMatch(/<(html|head|body|script|style|a) ?/);
  });

  test('of nothing says that nothing was decided', () => {
    expect(renderVerdicts([], 'html', { color: false })).toBe('<h3>0 artifacts: nothing was decided</h3>\n');
  });
});

describe('sarif', () => {
  const sarif = (...verdicts: Verdict[]) => JSON.parse(renderVerdicts(verdicts, 'sarif', { color: false }));

  test('there is a result for each requirement that is not met, and none for the rest', () => {
    const { version, $schema, runs } = sarif(verdict(), denied, unreached);
    expect({ version, runs: runs.length }).toEqual({ version: '2.1.0', runs: 1 });
    expect($schema).toContain('sarif-schema-2.1.0.json');
    expect(runs[0].tool.driver).toMatchObject({
      name: 'signwright',
      rules: [{ id: 'evidence-unreachable' }, { id: 'signatures-refused' }],
    });
    expect(runs[0].results).toMatchObject([
      { ruleId: 'signatures-refused', ruleIndex: 1, level: 'error', message: { text: expect.stringContaining('acme-evil/app') } },
      { ruleId: 'evidence-unreachable', ruleIndex: 0, level: 'warning' },
    ]);
  });

  test('a run without problems has an empty list of results, which says that it ran', () => {
    expect(sarif(verdict()).runs[0].results).toEqual([]);
  });

  test('the location is a relative URI that decodes to the name', () => {
    const name = 'a b/ü%20#1?/[x]:y.tgz';
    const { uri } = sarif({ ...denied, artifact: { ...denied.artifact, name } }).runs[0].results[0].locations[0].physicalLocation
      .artifactLocation;
    expect(uri).toMatch(/^[A-Za-z0-9\-._~!'()*%/]+$/);
    expect(decodeURIComponent(uri)).toBe(name);
  });

  test('what is only observed is a note', () => {
    expect(sarif({ ...denied, enforced: false }).runs[0].results[0].level).toBe('note');
  });
});

test.each(['text', 'junit', 'markdown', 'html', 'sarif'] as const)(
  'a denied artifact without any requirement is no less denied in %s',
  (format) => {
    const bare = renderVerdicts([verdict({ result: 'deny', outcomes: [] })], format, { color: false });
    const contradictory = renderVerdicts([verdict({ result: 'deny', outcomes: [MET] })], format, { color: false });
    const told = {
      text: '✗ verdict',
      junit: '<failure',
      markdown: 'unmet: deny',
      html: 'unmet: deny',
      sarif: '"ruleId": "deny"',
    }[format];
    expect(bare).toContain(told);
    expect(contradictory).toContain(told);
  },
);
