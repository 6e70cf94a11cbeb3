import { type FakeJenkins, startFakeJenkins } from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askForBuild } from './ask-for-build.ts';

let fake: FakeJenkins;
beforeEach(async () => {
  fake = await startFakeJenkins();
});
afterEach(() => fake.close());

const question = { name: ['acme tools', 'app', 'feature%2Fx'], number: '42', tree: 'number,actions[_class]' };
const PATH = '/job/acme%20tools/job/app/job/feature%252Fx/42/api/json?tree=number%2Cactions%5B_class%5D';

test.each([
  ['at the top of a server', ''],
  ['below a path', '/ci/jenkins'],
])('the path of a Jenkins %s is asked for below its address, and by our sender alone', async (_, below) => {
  const asked: string[] = [];
  const answer = await askForBuild(`http://${fake.host}${below}`, question, async (path) => {
    asked.push(path);
    return { answered: path };
  });
  expect([asked, answer, fake.asked]).toEqual([[PATH], { answered: PATH }, []]);
});

test('names that look like addresses or other paths stay names', async () => {
  const name = ['https:', '{number}', '..%2f', '?tree=x#y'];
  const path = await askForBuild(`http://${fake.host}`, { ...question, name }, async (asked) => asked);
  expect(path).toBe(PATH.replace(/^.*\/42/, '/job/https%3A/job/%7Bnumber%7D/job/..%252f/job/%3Ftree%3Dx%23y/42'));
});

test('what the sender throws comes back as it was', async () => {
  const thrown = new Error('no answer');
  const asking = askForBuild(`http://${fake.host}`, question, async () => {
    throw thrown;
  });
  await expect(asking).rejects.toBe(thrown);
  expect(thrown.message).toBe('no answer');
});
