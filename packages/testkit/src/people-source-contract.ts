import type { PeopleSource, RunReference } from '@signwright/signing-core';
import { describe, expect, it } from 'vitest';
import { expectFault, PLATFORM_FAULTS, type PlatformFaults } from './platform-faults.ts';

/** A platform with a run and with commits, some of which it knows the people of. */
export type PeopleSourceFixture = PlatformFaults & {
  open(options: { readonly deadlineMs?: number }): PeopleSource;
  /** A commit and a run of it. */
  readonly about: RunReference;
  readonly requester: string;
  readonly retriers: readonly string[];
  /** A commit of another run. */
  readonly other: string;
  /** Ids by commit, and one commit nobody is known of; `undefined` for a platform that knows of no authors. */
  readonly authors: { readonly known: { readonly [commit: string]: readonly string[] }; readonly unknown: string } | undefined;
};

/** What every PeopleSource keeps to. */
export function peopleSourceContract(name: string, make: () => Promise<PeopleSourceFixture>): void {
  describe(`${name}, as a PeopleSource`, () => {
    it('tells who asked for a run, and who else asked for it again', async () => {
      const { open, about, requester, retriers } = await make();
      const told = await open({}).requester(about);
      expect(told.requester?.id).toBe(requester);
      expect(told.retriers.map(({ id }) => id).sort()).toEqual([...retriers].sort());
      expect((await open({}).requester(about)).answer).toBe(told.answer);
    });

    it('says who brought commits, and nothing of a commit it knows nobody of', async () => {
      const { open, authors } = await make();
      const { known = {}, unknown = 'f'.repeat(40) } = authors ?? {};
      const { verified } = await open({}).authors([...Object.keys(known), unknown]);
      const told = Object.fromEntries([...verified].map(([commit, people]) => [commit, people.map(({ id }) => id).sort()]));
      expect(told).toEqual(Object.fromEntries(Object.entries(known).map(([commit, ids]) => [commit, [...ids].sort()])));
    });

    it('tells people by ids alone, whatever else the platform says of them', async () => {
      const { open, about, authors, secrets } = await make();
      const { verified, answer } = await open({}).authors(Object.keys(authors?.known ?? {}));
      const told = JSON.stringify([await open({}).requester(about), [...verified], answer]);
      for (const secret of secrets) expect(told).not.toContain(secret);
      expect(told).not.toContain('@');
    });

    it('does not take the run of another commit for one of this', async () => {
      const { open, about, other } = await make();
      await expect(open({}).requester({ ...about, commit: other })).rejects.toMatchObject({ code: 'verification' });
    });

    it('is not asked about nothing, nor about what is no commit or run', async () => {
      const { open, about } = await make();
      const { run: _, ...withoutRun } = about;
      for (const asked of [withoutRun, { ...about, run: '../1' }])
        await expect(open({}).requester(asked)).rejects.toMatchObject({ code: 'usage' });
      await expect(open({}).authors(['main'])).rejects.toMatchObject({ code: 'usage' });
      expect((await open({}).authors([])).verified.size).toBe(0);
    });

    for (const [fault, code] of PLATFORM_FAULTS)
      it(`with a platform that is ${fault}: says so (${code}), and no more`, { timeout: 40_000 }, async () => {
        const { open, about, authors, ...faults } = await make();
        const source = open(fault === 'silent' ? { deadlineMs: 200 } : { deadlineMs: 15_000 });
        await expectFault(faults, [fault, code], () => source.requester(about));
        if (authors !== undefined) await expectFault(faults, [fault, code], () => source.authors([about.commit]));
      });

    it('takes no token where a redirect leads', async () => {
      const { open, about, authors: _, ...faults } = await make();
      await expectFault(faults, ['elsewhere', undefined], () => open({}).requester(about));
    });
  });
}
