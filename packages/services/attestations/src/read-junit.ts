import { SignwrightError, type TestRun } from '@signwright/signing-core';
import { SaxesParser, type SaxesTagPlain } from 'saxes';

/** Nesting of elements, and tests, at the most. */
const MAX_DEPTH = 64;
const MAX_TESTS = 500_000;
/** Characters of a test's name that are kept. */
const MAX_NAME = 300;

/** What makes a test one that failed, that passed on a second try (Surefire), or that did not run, by element and by status. */
const FAILED = ['failure', 'error'];
const RETRIED = ['flakyFailure', 'flakyError'];
const FAILED_STATUS = ['failed', 'failure', 'error'];
const NOT_RUN_STATUS = ['notrun', 'disabled', 'skipped'];

type Outcome = 'passed' | 'warned' | 'failed' | 'skipped';
type Suite = { readonly name: string; readonly failuresSaid: number; failures: number };
type Test = { readonly name: string; outcome: Outcome };

/** Whether bytes begin as XML does. */
export function isXml(bytes: Uint8Array): boolean {
  return /^(?:\xef\xbb\xbf)?[ \t\r\n]*</.test(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1'),
  );
}

/**
 * Reads JUnit XML, as Ant, Maven Surefire, pytest, Jest, Vitest, GoogleTest and others write it: `testsuites` or `testsuite` at the
 * top, `testcase` in suites. A document type, and so every entity of its own, is refused.
 *
 * @throws SignwrightError `invalid-input` with line and column, also where no test ran, or a suite tells of failures and lists none.
 */
export function readJUnit(bytes: Uint8Array, file: string): TestRun {
  const run = { passed: [] as string[], warned: [] as string[], failed: [] as string[], skipped: 0 };
  const suites: Suite[] = [];
  const open: string[] = [];
  let test: Test | undefined;
  let tests = 0;
  const parser = new SaxesParser({ xmlns: false as const });
  const refuse = (why: string, next = 'check that the tests ran to their end, and that the file is whole'): never => {
    throw new SignwrightError('invalid-input', `the JUnit report ${why}`, {
      where: `${file}:${parser.line}:${parser.column + 1}`,
      next,
    });
  };
  const attribute = (tag: SaxesTagPlain, name: string): string =>
    Object.hasOwn(tag.attributes, name) ? (tag.attributes[name] ?? '') : '';

  parser.on('error', (error) => refuse(`is not well-formed XML (${error.message.replace(/^\d+:\d+: /, '').slice(0, 100)})`));
  parser.on('doctype', () => refuse('has a document type (DOCTYPE), which is not read', 'write the report without one'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(?:utf-8|us-ascii)$/i.test(encoding))
      refuse('is not in UTF-8, as its first line says', 'write it in UTF-8');
  });
  parser.on('opentag', (tag) => {
    const { name } = tag;
    if (open.length === 0 && name !== 'testsuites' && name !== 'testsuite') {
      refuse(
        `has <${name.slice(0, 40)}> at the top; allowed is <testsuites> or <testsuite>`,
        'give a report in the format JUnit XML',
      );
    }
    if (open.length >= MAX_DEPTH) refuse(`is nested more than ${MAX_DEPTH} deep`);
    const parent = open.at(-1);
    open.push(name);
    if (name === 'testsuite') {
      suites.push({ name: attribute(tag, 'name'), failuresSaid: countIn(tag, 'failures') + countIn(tag, 'errors'), failures: 0 });
    } else if (name === 'testcase' && (parent === 'testsuite' || parent === 'testsuites')) {
      if (++tests > MAX_TESTS) refuse(`has more than ${MAX_TESTS} tests`);
      test = { name: nameOf(attribute(tag, 'classname'), attribute(tag, 'name')), outcome: outcomeOf(attribute(tag, 'status')) };
    } else if (test !== undefined && parent === 'testcase') {
      test.outcome = outcomeWith(test.outcome, name);
    } else if (parent === 'testsuite' && FAILED.includes(name)) {
      record({ name: nameOf('', suites.at(-1)?.name ?? ''), outcome: 'failed' });
    }
  });
  parser.on('closetag', ({ name }) => {
    open.pop();
    if (name === 'testcase' && test !== undefined && open.at(-1)?.startsWith('testsuite') === true) {
      record(test);
      test = undefined;
    } else if (name === 'testsuite') {
      const suite = suites.pop();
      if (suite !== undefined && suite.failuresSaid > 0 && suite.failures === 0)
        refuse(`says that ${suite.failuresSaid} of ${JSON.stringify(suite.name.slice(0, 100))} failed, and lists none`);
      const around = suites.at(-1);
      if (around !== undefined) around.failures += suite?.failures ?? 0;
    }
  });
  parser.write(textOf(bytes, refuse)).close();
  if (run.passed.length + run.warned.length + run.failed.length === 0) {
    refuse(
      run.skipped === 0 ? 'has no test: no test ran' : `has ${run.skipped} skipped tests and no other: no test ran`,
      'run the tests first',
    );
  }
  return run;

  function countIn(tag: SaxesTagPlain, name: string): number {
    const said = attribute(tag, name);
    return /^\d{0,9}$/.test(said)
      ? Number(said)
      : refuse(`has the ${name} ${JSON.stringify(said.slice(0, 40))}, which is no count`);
  }

  function record({ name, outcome }: Test): void {
    if (outcome === 'skipped') run.skipped++;
    else run[outcome].push(name);
    const suite = suites.at(-1);
    if (suite !== undefined && outcome === 'failed') suite.failures++;
  }
}

function outcomeOf(status: string): Outcome {
  const said = status.toLowerCase();
  return FAILED_STATUS.includes(said) ? 'failed' : NOT_RUN_STATUS.includes(said) ? 'skipped' : 'passed';
}

/** What an element inside a test makes of it: a failure is never undone. */
function outcomeWith(before: Outcome, element: string): Outcome {
  if (before === 'failed' || FAILED.includes(element)) return 'failed';
  if (element === 'skipped') return 'skipped';
  return RETRIED.includes(element) && before === 'passed' ? 'warned' : before;
}

function nameOf(classname: string, name: string): string {
  const whole = [classname, name].filter((part) => part !== '').join(' > ');
  return whole.length > MAX_NAME ? `${whole.slice(0, MAX_NAME).replace(/[\ud800-\udbff]$/, '')}…` : whole;
}

function textOf(bytes: Uint8Array, refuse: (why: string) => never): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is not UTF-8');
  }
}
