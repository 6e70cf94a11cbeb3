import { Observations, type Scenario, timed } from '../scenario.ts';
import type { Workspace } from '../workspace.ts';

/** Timestamp authorities that do not answer. */
export const tsaDown: Scenario = {
  id: 'tsa-down',
  title: 'the timestamp authority is down: the next one, or a stop',
  async run({ fresh, shadow }) {
    const seen = new Observations();
    const motion = await fresh('tsa-down');
    const { workspace } = motion;
    const urls = (await motion.policy()).trust?.timestamp;
    const count = urls !== undefined && 'urls' in urls ? urls.urls.length : 0;
    if (count === 0) return seen.result();
    const { closed } = shadow.loopback;

    await replaceUrls(workspace, () => `${closed}/timestamp`);
    const [stopped = failedToRun] = await motion.sign({ skew: 0, env: {} });
    seen.refused('with no timestamp authority, signing stops', stopped, [3]);
    const kept = await workspace.evidence();
    seen.holds(
      'nothing half-signed is left',
      kept.length === 0 ? 'no evidence was written' : `${kept.length} files of evidence`,
      kept.length === 0,
    );
    await workspace.write();

    if (count > 1) {
      const next = await fresh('tsa-next');
      await replaceUrls(next.workspace, (url, at) => (at === 0 ? `${closed}/timestamp` : url));
      const [judged, ms] = await timed(() => next.release());
      seen.allowed('with the first down, the next one stamps, and it may go', judged, ms);
    } else {
      seen.finds(
        'there is one timestamp authority: while it is down nothing can be signed nor approved (trust.timestamp.urls takes several)',
      );
    }
    const [judged, ms] = await timed(() => motion.release());
    seen.allowed('once it answers again, it may go', judged, ms);
    return seen.result();
  },
};

const failedToRun = { exit: 70, stdout: '', stderr: 'error: nothing was run', ms: 0 };

async function replaceUrls(workspace: Workspace, replace: (url: string, at: number) => string): Promise<void> {
  await workspace.write(({ trust }) => {
    if (trust?.timestamp?.urls === undefined) return;
    trust.timestamp.urls = [...new Set(trust.timestamp.urls.map(replace))];
  });
}
