import { memberId } from '../load/people.ts';
import { nearestWord } from '../parse/nearest-word.ts';
import { problemAt, problemAtKey, warningAt } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { referenceProblem } from './signers.ts';
import { entriesOf, type Subject } from './subject.ts';

/** Whoever issues is defined, and what is said of them is what their kind can use. */
export function* authoritiesAreSound({ content, source }: Subject): Generator<Problem> {
  const { authorities, profiles } = content.certificates ?? {};
  for (const [id, authority] of entriesOf(authorities)) {
    const path = ['certificates', 'authorities', id];
    if (authority.key !== undefined) yield* referenceProblem(source, [...path, 'key'], authority.key);
    else
      for (const key of ['crl', 'crl-lifetime'] as const)
        if (authority[key] !== undefined)
          yield problemAtKey(source, [...path, key], 'only our own CA (`key`) has its CRL made here');
    for (const key of ['login-role', 'login-mount'] as const)
      if (authority[key] !== undefined && authority.vault === undefined)
        yield problemAtKey(source, [...path, key], 'only a Vault is logged in to');
  }
  const names = entriesOf(authorities).map(([id]) => id);
  for (const [id, profile] of entriesOf(profiles)) {
    if (names.includes(profile.authority)) continue;
    const message = `the authority "${profile.authority}" is not defined; defined are ${names.join(', ')}`;
    yield problemAt(source, ['certificates', 'profiles', id, 'authority'], message, nearestWord(profile.authority, names));
  }
}

/** What a profile says, its authority can certify, and whoever may ask can be named in a certificate. */
export function* profilesCanBeIssued({ content, source, scope }: Subject): Generator<Problem> {
  const { authorities = {}, profiles } = content.certificates ?? {};
  for (const [id, { authority, environments, roles }] of entriesOf(profiles)) {
    const path = ['certificates', 'profiles', id];
    if (environments !== undefined && authorities[authority]?.key === undefined)
      yield problemAtKey(
        source,
        [...path, 'environments'],
        `only our own CA writes environments into certificates, and "${authority}" is another's`,
      );
    for (const [index, role] of (roles ?? []).entries()) {
      const members = (scope.roles.get(role)?.value ?? []).map(memberId);
      const nameless = members.filter((person) => scope.people.get(person)?.value.certificate === undefined);
      if (nameless.length === 0) continue;
      const who =
        nameless.length <= 5 ? nameless.join(', ') : `${nameless.slice(0, 5).join(', ')} and ${nameless.length - 5} more`;
      const message = `${who}: no "certificate" under "people" says what a certificate would call them, so they cannot have one`;
      yield warningAt(source, [...path, 'roles', index], message);
    }
  }
}

/** A signer that signs with a held certificate names a profile there is. */
export function* heldProfilesExist({ content, source, bases }: Subject): Generator<Problem> {
  const all = [content, ...bases.map((base) => base.content)].flatMap(({ certificates }) => entriesOf(certificates?.profiles));
  const names = all.map(([id]) => id);
  for (const [id, { certificate }] of entriesOf(content.signers)) {
    const path = ['signers', id, 'certificate'];
    if (certificate?.directory !== undefined && certificate.profile === undefined)
      yield problemAtKey(source, [...path, 'directory'], 'only with `profile` is the certificate in a directory');
    if (certificate?.profile === undefined) continue;
    if (certificate.audience !== undefined)
      yield problemAtKey(source, [...path, 'audience'], 'the authority of the profile says what it wants');
    if (names.includes(certificate.profile)) continue;
    const there = names.length === 0 ? 'no profile is defined (under "certificates")' : `defined are ${names.join(', ')}`;
    const message = `the profile "${certificate.profile}" is not defined; ${there}`;
    yield problemAt(source, [...path, 'profile'], message, nearestWord(certificate.profile, names));
  }
}
