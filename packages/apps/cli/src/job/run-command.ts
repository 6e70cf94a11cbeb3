import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { isAnchorText } from '../context/anchor-text.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import type { JobCommand } from './inputs.ts';
import type { Place } from './policy-place.ts';
import type { Inputs } from './read-inputs.ts';

/** Runs what a job was told to do, by the commands people run themselves. Each is loaded when it is needed. */
export async function runCommand(command: JobCommand, inputs: Inputs, place: Place, run: Run): Promise<number> {
  const paths = [...inputs.paths];
  const shared = sharedOf(inputs, place);
  const passphrase = inputs['passphrase-env'] === '' ? {} : { passphraseEnv: inputs['passphrase-env'] };
  switch (command) {
    case 'plan': {
      const { plan } = await import('../commands/plan.ts');
      return plan(paths, shared, run);
    }
    case 'sign': {
      const { sign } = await import('../commands/sign.ts');
      const { sidecars, release } = inputs;
      const signer = inputs.signer.length === 0 ? {} : { signer: [...inputs.signer] };
      const named = release === '' ? {} : { release };
      return sign(paths, { ...shared, ...passphrase, ...signer, ...named, sidecars, replace: false }, run);
    }
    case 'request-approval': {
      const { request } = await import('../commands/request.ts');
      return request(paths, { ...shared, ifAny: true }, run);
    }
    case 'drill': {
      const { drill } = await import('../commands/drill.ts');
      const { artifact, scenarios, 'report-signer': signer } = inputs;
      const named = artifact === '' ? {} : { artifact };
      const signed = signer === '' ? {} : ({ signer, keep: true } as const);
      return drill([...scenarios], { ...shared, ...passphrase, ...named, ...signed }, run);
    }
    case 'verify': {
      if (place.anchor === undefined && !inputs.unanchored) throw unanchored();
      if (place.anchor !== undefined && !inputs.unanchored) await refuseWithin(place.anchor);
      if (inputs.collect) {
        const { collect } = await import('../commands/collect.ts');
        const collected = await collect(paths, { ...shared, ...passphrase, git: '.', ifAny: true }, { signal: run.signal });
        if (collected !== EXIT.allow) return collected;
      }
      if (inputs.wait > 0) {
        const { wait } = await import('../commands/wait.ts');
        // What is still missing then is told by the verdicts.
        await wait(paths, { ...shared, timeout: inputs.wait, every: 5 }, { signal: run.signal });
      }
      const { verify } = await import('../commands/verify.ts');
      return verify(paths, { ...shared, ...passphrase, gather: true, ...(inputs.attest ? { attest: true } : {}) }, run);
    }
  }
}

/** Writes what the verdicts rest on into one archive. */
export async function archiveEvidence(out: string, inputs: Inputs, place: Place, run: Run): Promise<void> {
  const { evidenceExport } = await import('../commands/evidence/export.ts');
  await evidenceExport([...inputs.paths], { ...sharedOf(inputs, place), out, output: 'text' }, { signal: run.signal });
}

function sharedOf(inputs: Inputs, place: Place) {
  return {
    policy: place.policy,
    ...(place.anchor === undefined ? {} : { anchor: place.anchor.given }),
    ...(place.evidenceElse === undefined ? {} : { evidenceElse: place.evidenceElse }),
    ...(inputs.environment === '' ? {} : { environment: inputs.environment }),
    ...(inputs.evidence === '' ? {} : { evidence: inputs.evidence }),
    output: 'text',
  } as const;
}

/** A file that comes with what is judged says nothing from outside of it. */
async function refuseWithin({ given, from }: NonNullable<Place['anchor']>): Promise<void> {
  if (isAnchorText(given)) return;
  const [here, file] = await Promise.all([realpath('.'), realpath(given).catch(() => resolve(given))]);
  if (!file.startsWith(here.endsWith(sep) ? here : `${here}${sep}`)) return;
  throw new SignwrightError(
    'usage',
    `the anchor ${given} lies in what it is to judge, so whoever can change one could change both`,
    {
      where: from,
      next: 'keep it where the configuration of CI is protected: as text in SIGNWRIGHT_ANCHOR, or as a file outside of the working directory',
    },
  );
}

function unanchored(): SignwrightError {
  return new SignwrightError(
    'usage',
    'nothing from outside says what the policy must be, so whoever can change it would decide',
    {
      where: 'anchor',
      next: 'set SIGNWRIGHT_ANCHOR where the configuration of CI is protected, or give the input anchor; unanchored: true is for trying things out',
    },
  );
}
