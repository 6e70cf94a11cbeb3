import {
  type ApprovalSource,
  parseStatement,
  type RunReference,
  readPlatformApprovals,
  sha256,
  writePlatformApprovals,
} from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';
import { expectFault, PLATFORM_FAULTS, type PlatformFaults } from './platform-faults.ts';

/** A platform on which two people have decided about a commit, and one about another. */
export type ApprovalSourceFixture = PlatformFaults & {
  open(options: { readonly deadlineMs?: number }): ApprovalSource;
  /** A commit and a run of it. */
  readonly about: RunReference;
  /** Ids of those who approved it, and of those who rejected it. */
  readonly approvers: readonly string[];
  readonly rejecters: readonly string[];
  /** A commit nobody decided about, of another run. */
  readonly other: string;
  /** Makes somebody else approve as well. */
  change(): void;
};

/** What every ApprovalSource keeps to. */
export function approvalSourceContract(name: string, make: () => Promise<ApprovalSourceFixture>): void {
  describe(`${name}, as an ApprovalSource`, () => {
    it('tells who approved and who rejected', async () => {
      const { open, about, approvers, rejecters } = await make();
      const { approvals } = await open({}).approvals(about);
      const ids = (decision: string) => approvals.filter((each) => each.decision === decision).map(({ account }) => account.id);
      expect(ids('approve').sort()).toEqual([...approvers].sort());
      expect(ids('reject').sort()).toEqual([...rejecters].sort());
    });

    it('tells people by ids alone, whatever else the platform says of them', async () => {
      const { open, about, secrets } = await make();
      const told = JSON.stringify(await open({}).approvals(about));
      for (const secret of secrets) expect(told).not.toContain(secret);
      expect(told).not.toContain('@');
    });

    it('tells what can be written into a statement, and read again', async () => {
      const { open, about } = await make();
      const told = await open({}).approvals(about);
      const platform = told.approvals[0]?.account.platform ?? 'gitlab';
      const subject = [{ name: 'app', sha256: 'ab'.repeat(32) }];
      const written = writePlatformApprovals(subject, { ...about, ...told, platform });
      expect(readPlatformApprovals(parseStatement(written))).toEqual({ ...about, ...told, platform });
    });

    it('tells nothing of another commit, not even by naming the same run', async () => {
      const { open, about, other } = await make();
      const { run: _, ...withoutRun } = { ...about, commit: other };
      for (const asked of [{ ...about, commit: other }, withoutRun]) {
        const told = await open({})
          .approvals(asked)
          .catch((error: { code?: string }) => error);
        if ('approvals' in told) expect(told.approvals).toEqual([]);
        else expect(['verification', 'usage', 'configuration']).toContain(told.code);
      }
    });

    it('tells nothing of another environment', async () => {
      const { open, about } = await make();
      const told = await open({}).approvals({ ...about, environment: 'elsewhere' });
      expect(told.approvals.filter(({ means }) => means !== 'merge-request')).toEqual([]);
    });

    it('digests the answers: the same for the same, another for others', async () => {
      const { open, about, change } = await make();
      const first = await open({}).approvals(about);
      expect((await open({}).approvals(about)).answer).toBe(first.answer);
      change();
      const second = await open({}).approvals(about);
      expect(second.approvals).toHaveLength(first.approvals.length + 1);
      expect(second.answer).not.toBe(first.answer);
      expect(first.answer).not.toBe(sha256('{}'));
    });

    it.each(['main', '', '../other'])('is not asked about %j, which is no commit', async (commit) => {
      const { open, about } = await make();
      await expect(open({}).approvals({ ...about, commit })).rejects.toMatchObject({ code: 'usage' });
    });

    it('is not asked about a run whose id is a path', async () => {
      const { open, about } = await make();
      await expect(open({}).approvals({ ...about, run: '../1' })).rejects.toMatchObject({ code: 'usage' });
    });

    for (const [fault, code] of PLATFORM_FAULTS)
      it(`with a platform that is ${fault}: says so (${code}), and no more`, { timeout: 20_000 }, async () => {
        const { open, about, ...faults } = await make();
        const source = open(fault === 'silent' ? { deadlineMs: 200 } : { deadlineMs: 15_000 });
        await expectFault(faults, [fault, code], () => source.approvals(about));
      });

    it('takes no token where a redirect leads', async () => {
      const { open, about, ...faults } = await make();
      await expectFault(faults, ['elsewhere', undefined], () => open({}).approvals(about));
    });
  });
}
