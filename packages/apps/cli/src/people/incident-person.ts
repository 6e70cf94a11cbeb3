import { isMember, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openPerson, type PersonKey, type PersonOptions } from './person-key.ts';

/**
 * Finds out who is at the keyboard, as {@link openPerson}, where only people of the policy's `incident` role may go on.
 *
 * @throws SignwrightError `denied` where they are not of it, `policy` where the policy names none.
 */
export async function openIncidentPerson(open: OpenPolicy, options: PersonOptions, signal: AbortSignal): Promise<PersonKey> {
  const role = open.policy.incident?.role;
  if (role === undefined) {
    throw new SignwrightError('policy', 'the policy does not say who may act in an incident', {
      where: open.file,
      next: 'add "incident: { role: ROLE }" to it, with people of that role',
    });
  }
  const key = await openPerson(open, options, signal);
  if (isMember(role, key.person.id, Date.now())) return key;
  throw new SignwrightError('denied', `${key.person.id} is not of the role ${role.id}, which alone may act in an incident`, {
    where: open.file,
    next: 'nothing was changed; have somebody of that role do it',
  });
}
