import { Observations, type Scenario } from '../scenario.ts';

/** The store that evidence is read from, a registry or a bucket, does not answer. */
export const registryDown: Scenario = {
  id: 'registry-down',
  title: 'the evidence store is unreachable: inconclusive, never allowed',
  async run({ released, fresh, shadow }) {
    const seen = new Observations();
    const motion = await released('registry-down');
    const away = `s3://drill-evidence?endpoint=${shadow.loopback.closed}&path-style=true&region=drill`;
    const unreachable = (layer: { evidence?: { store: string } }): void => {
      if (layer.evidence !== undefined) layer.evidence = { store: away };
    };
    await motion.workspace.write(unreachable);
    const judged = await motion.verify();
    seen.refused('a verdict without the evidence is inconclusive', judged, [3]);
    await motion.workspace.write();
    seen.allowed('once it answers again, it may go', await motion.verify());

    const signing = await fresh('registry-down-sign');
    await signing.workspace.write(unreachable);
    const [ran] = await signing.sign({ env: {} });
    if (ran !== undefined) seen.refused('signing stops where its evidence cannot be kept', ran, [3]);
    return seen.result();
  },
};
