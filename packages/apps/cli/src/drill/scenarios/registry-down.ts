import { Observations, type Scenario } from '../scenario.ts';

/** The store that evidence is read from, a registry or a bucket, does not answer. */
export const registryDown: Scenario = {
  id: 'registry-down',
  title: 'the evidence store is unreachable: inconclusive, never allowed',
  async run({ released, fresh, shadow }) {
    const seen = new Observations();
    const motion = await released('registry-down');
    const away = `s3://drill-evidence?endpoint=${shadow.loopback.closed}&path-style=true&region=drill`;
    const unreachable = (layer: { evidence?: { store: string } }, at: { done: boolean }): void => {
      if (layer.evidence === undefined && at.done) return;
      layer.evidence = { store: away };
      at.done = true;
    };
    const change = () => {
      const at = { done: motion.workspace.layers.some(({ evidence }) => evidence !== undefined) };
      return (layer: { evidence?: { store: string } }): void => unreachable(layer, at);
    };
    await motion.workspace.write(change());
    const judged = await motion.verify();
    seen.refused('a verdict without the evidence is inconclusive', judged, [3]);
    await motion.workspace.write();
    seen.allowed('once it answers again, it may go', await motion.verify());

    const signing = await fresh('registry-down-sign');
    await signing.workspace.write(change());
    const [ran] = await signing.sign({ env: {} });
    if (ran !== undefined) seen.refused('signing stops where its evidence cannot be kept', ran, [3]);
    return seen.result();
  },
};
