import { requirementsOf } from '@signwright/signing-core';
import { Observations, type Scenario, timed } from '../scenario.ts';

/** The audit log's store has no room. */
export const auditStoreFull: Scenario = {
  id: 'audit-store-full',
  title: 'the audit log cannot be written: no signature without a record',
  async run({ fresh, shadow }) {
    const seen = new Observations();
    const motion = await fresh('audit-store-full');
    const { demands, requirements, tiers } = await motion.required();
    const tier = tiers.join(' + ');
    if (demands.audit === undefined) {
      seen.lacks(`the tier ${tier} asks for no record: a signature that nobody recorded is let through (audit: required)`);
      return seen.result();
    }
    const { origin } = shadow.loopback;
    await motion.workspace.write(({ audit }) => {
      if (audit?.log !== undefined) audit.log = `s3://drill-log?endpoint=${origin}&path-style=true&region=drill`;
    });
    const [first] = requirementsOf(requirements, 'signature');
    const [ran] = await motion.sign({ env: {}, ...(first === undefined ? {} : { only: first.signer.id }) });
    if (ran !== undefined && demands.audit === 'required') {
      seen.refused('signing stops before anything is signed', ran, [3]);
      const kept = await motion.workspace.evidence();
      seen.holds(
        'there is no signature without a record',
        kept.length === 0 ? 'no evidence was written' : `${kept.length} files of evidence`,
        kept.length === 0,
      );
    } else if (ran !== undefined) {
      seen.holds(
        'there is no signature without a record',
        `exit code ${ran.exit}: audit: best-effort signs without one`,
        ran.exit !== 0,
      );
      if (ran.exit === 0) seen.finds(`the tier ${tier} says audit: best-effort: with the store full it signs without a record`);
    }
    await motion.workspace.write();
    const [judged, ms] = await timed(() => motion.release());
    seen.allowed('once there is room, it may go', judged, ms);
    return seen.result();
  },
};
