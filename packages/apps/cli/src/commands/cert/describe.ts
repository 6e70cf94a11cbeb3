import type { CertificateEvent } from '@signwright/certificates';
import { SignwrightError } from '@signwright/signing-core';
import { checkText } from '../../certificates/check-text.ts';
import { findOne } from '../../certificates/find-one.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertDescribeOptions = PolicyOptions & { readonly owner?: string; readonly purpose?: string };

/** `signwright cert describe DIGEST`: says whose a certificate is, or what for. */
export async function certDescribe(named: string, options: CertDescribeOptions): Promise<number> {
  const owner = checkText(options.owner, '--owner');
  const purpose = checkText(options.purpose, '--purpose');
  if (owner === undefined && purpose === undefined)
    throw new SignwrightError('usage', 'nothing is said of the certificate', { next: 'say --owner, --purpose or both' });
  const { journal } = await openInventory(await openPolicy(options, new Date()));
  const { change, inventoryOf } = await import('@signwright/certificates');
  const { events, digest } = await change(journal, async (state) => {
    const entry = await findOne(inventoryOf(state.events), named);
    if (entry.digest === undefined)
      throw new SignwrightError('usage', `no certificate is known for the serial number ${entry.serial}`, {
        next: 'nothing can be said of it before there is one',
      });
    const { digest } = entry;
    const said = { ...(owner === undefined ? {} : { owner }), ...(purpose === undefined ? {} : { purpose }) };
    const news = (owner ?? entry.owner) !== entry.owner || (purpose ?? entry.purpose) !== entry.purpose;
    const event: CertificateEvent = { type: 'described', at: new Date().toISOString(), digest, ...said };
    return { events: news ? [event] : [], digest };
  });
  printLines([events.length === 0 ? `${digest}: that was known` : `${digest}: described`]);
  return EXIT.allow;
}
