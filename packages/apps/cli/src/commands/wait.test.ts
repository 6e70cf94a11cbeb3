import { createPeopleWorkspace, hasSshKeygen, type PeopleWorkspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: PeopleWorkspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(): Promise<{ here: PeopleWorkspace; id: string }> {
  const here = await createPeopleWorkspace();
  made.push(here);
  return { here, id: await here.asked() };
}

const waiting = (here: PeopleWorkspace, ...args: string[]) => here.run(['wait', '--every', '1s', ...args]);

describe.skipIf(!hasSshKeygen).concurrent('signwright wait', () => {
  test('ends with exit 4 once its time is over, and says who may still approve', async () => {
    const { here, id } = await project();
    await here.answer('ann', id);
    const { status, stdout, stderr } = await waiting(here, '--timeout', '1s');
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/approval:security {2}pending.*\n +→ bob, cleo may approve/);
  });

  test('ends with exit 0 as soon as people have approved meanwhile', async () => {
    const { here, id } = await project();
    await here.answer('ann', id);
    const run = waiting(here, '--timeout', '60s');
    await here.answer('cleo', id);
    expect(await run).toMatchObject({ status: 0, stdout: /"signwright verify" decides/ });
  });

  test('ends with exit 1 as soon as somebody rejects it', async () => {
    const { here, id } = await project();
    const run = waiting(here, '--timeout', '60s');
    await here.answer('bob', id, '--reject', '--reason', 'not today', '--only', 'dist/b.tgz');
    expect(await run).toMatchObject({ status: 1, stdout: /✗ approval:security {2}unmet: bob rejected it .* \(dist\/b\.tgz\)/ });
  });
});
