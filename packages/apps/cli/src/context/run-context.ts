import { hostname, networkInterfaces } from 'node:os';
import type { CiJob } from '@signwright/signing-core';

/** Where a run takes place, for records: as far as it is known, and by stable ids alone. Nobody vouches for it. */
export type RunContext = {
  readonly host: string;
  readonly address?: string;
  /** The CI job's URL. */
  readonly job?: string;
};

/** Reads where this run takes place from the machine and from what its CI says. */
export function runContext(job: CiJob | undefined): RunContext {
  const address = ownAddress();
  return {
    host: hostname(),
    ...(address === undefined ? {} : { address }),
    ...(job?.url === undefined ? {} : { job: job.url }),
  };
}

function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return (
    addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ??
    addresses.find(({ internal }) => !internal)?.address
  );
}
