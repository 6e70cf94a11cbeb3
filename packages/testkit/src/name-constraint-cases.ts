import { leftOut, type PathCase, row, type Said } from './path-case.ts';
import { distinguishedName, nameConstraints, subjectAltName, type TestExtension, type TestName } from './test-certificates.ts';
import { sequence, tlv, utf8String } from './write-der.ts';

const SAN = '2.5.29.17';
const directory = (...parts: readonly (readonly [string, string])[]): Buffer =>
  distinguishedName(...parts.map(([attribute, text]) => [attribute, utf8String(text)] as const));
const ORGANIZATION = '2.5.4.10';
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const acme = directory([ORGANIZATION, 'Acme']);

function constrained(
  what: string,
  constraints: TestExtension,
  names: readonly (readonly ['uri' | 'email' | 'dns' | 'other', string])[],
  said: Said & { readonly name?: Buffer } = {},
): PathCase {
  const { name, ...rest } = said;
  const leaf = { extensions: [names.length > 0 ? subjectAltName(...names) : leftOut(SAN)], ...(name ? { name } : {}) };
  return row('name constraints', what, { ca: { extensions: [constraints] }, leaf }, rest);
}
const permit = (...names: readonly TestName[]): TestExtension => nameConstraints(names);
const exclude = (...names: readonly TestName[]): TestExtension => nameConstraints([], names);
const uri = (text: string): readonly ['uri', string] => ['uri', text];
const email = (text: string): readonly ['email', string] => ['email', text];
const NOT_PERMITTED = { refused: /not permitted by its name constraints/ };
const EXCLUDED = { refused: /excluded by its name constraints/ };
const UNREADABLE = { refused: /cannot be held to its name constraints/ };

/** Names that a CA's name constraints let it certify, and names that they do not. */
export const nameConstraintCases = (): PathCase[] => [
  constrained('a URI of the permitted host', permit(uri('ci.example')), [uri('https://ci.example:8443/app')]),
  constrained('a URI of a host below it', permit(uri('ci.example')), [uri('https://a.ci.example/app')], NOT_PERMITTED),
  constrained('a URI of a host below a domain', permit(uri('.example')), [uri('https://CI.example/app')]),
  constrained('a URI of the domain itself', permit(uri('.ci.example')), [uri('https://ci.example/app')], NOT_PERMITTED),
  constrained('a URI of one of two', permit(uri('git.example'), uri('ci.example')), [uri('https://ci.example/app')]),
  constrained('a URI of another host', permit(uri('ci.example')), [uri('https://evil.example/ci.example')], NOT_PERMITTED),
  constrained('a URI of an excluded host', exclude(uri('ci.example')), [uri('https://ci.example/app')], EXCLUDED),
  constrained('a URI of a host that is not excluded', exclude(uri('ci.example')), [uri('https://git.example/app')]),
  constrained(
    'a URI of what is permitted and excluded',
    nameConstraints([uri('.example')], [uri('ci.example')]),
    [uri('https://ci.example/app')],
    EXCLUDED,
  ),
  constrained('a URI with a user before its host', permit(uri('evil.example')), [uri('https://ci.example@evil.example/')], {
    ...UNREADABLE,
    refused: /cannot be held to/,
  }),
  constrained('a URI without a host', permit(uri('ci.example')), [uri('urn:app')], UNREADABLE),
  constrained('a URI of an IP address', exclude(uri('ci.example')), [uri('https://192.0.2.1/app')], {
    ...UNREADABLE,
    openssl: 'it takes an address for a host; RFC 5280, 4.2.1.10, refuses it',
  }),
  constrained('an address of the permitted host', permit(email('acme.example')), [email('ann@ACME.example')]),
  constrained('an address of a host below it', permit(email('acme.example')), [email('ann@x.acme.example')], NOT_PERMITTED),
  constrained('an address of a host below a domain', permit(email('.acme.example')), [email('ann@x.acme.example')]),
  constrained('the permitted address', permit(email('ann@acme.example')), [email('ann@acme.example')]),
  constrained('another address', permit(email('ann@acme.example')), [email('bob@acme.example')], NOT_PERMITTED),
  constrained('an excluded address', exclude(email('ann@acme.example')), [email('ann@acme.example')], EXCLUDED),
  constrained('an address that is not excluded', exclude(email('ann@acme.example')), [email('bob@acme.example')]),
  constrained('an address in the subject', permit(email('acme.example')), [uri('https://ci.example')], {
    ...NOT_PERMITTED,
    name: distinguishedName([EMAIL_ADDRESS, tlv(0x16, Buffer.from('ann@evil.example'))]),
  }),
  constrained('a host of the permitted domain', permit(['dns', 'ci.example']), [['dns', 'a.ci.example']]),
  constrained('a host whose name only ends so', permit(['dns', 'ci.example']), [['dns', 'evilci.example']], NOT_PERMITTED),
  constrained('an excluded host', exclude(['dns', 'ci.example']), [['dns', 'ci.example']], EXCLUDED),
  constrained('a host that is not excluded', exclude(['dns', 'ci.example']), [['dns', 'git.example']]),
  constrained('a subject within the permitted one', permit(['directory', acme]), [uri('https://ci.example')], {
    name: directory([ORGANIZATION, 'ACME '], ['2.5.4.3', 'ci']),
  }),
  constrained('a subject outside it', permit(['directory', acme]), [uri('https://ci.example')], {
    ...NOT_PERMITTED,
    name: directory(['2.5.4.3', 'ci'], [ORGANIZATION, 'Acme']),
  }),
  constrained('an excluded subject, in another case', exclude(['directory', acme]), [uri('https://ci.example')], {
    ...EXCLUDED,
    name: directory([ORGANIZATION, 'aCMe'], ['2.5.4.3', 'ci']),
  }),
  constrained('a form that is not constrained', permit(['dns', 'ci.example']), [uri('https://ci.example')]),
  constrained('a form no name has', exclude(['ip', Buffer.alloc(8)]), [uri('https://ci.example')]),
  constrained('an IP address, which is not supported', exclude(['ip', Buffer.of(10, 0, 0, 0, 255, 0, 0, 0)]), [['other', 'x']]),
  row(
    'name constraints',
    'a name of a form that is not supported',
    {
      ca: { extensions: [exclude(['ip', Buffer.of(10, 0, 0, 0, 255, 0, 0, 0)])] },
      leaf: { extensions: [{ oid: SAN, value: sequence(tlv(0x87, Buffer.of(192, 0, 2, 1))) }] },
    },
    { refused: /IP addresses, which its name constraints/, openssl: 'it compares IP addresses; they identify nobody who signs' },
  ),
  constrained(
    'constraints that are not critical',
    nameConstraints([uri('ci.example')], [], false),
    [uri('https://evil.example')],
    {
      ...NOT_PERMITTED,
    },
  ),
  constrained(
    'a minimum, which nobody uses',
    {
      oid: '2.5.29.30',
      value: sequence(tlv(0xa0, sequence(tlv(0x86, Buffer.from('ci.example')), tlv(0x80, Buffer.of(1))))),
      critical: true,
    },
    [uri('https://ci.example')],
    UNREADABLE,
  ),
  constrained('nothing in them', { oid: '2.5.29.30', value: sequence(), critical: true }, [uri('https://ci.example')], {
    ...UNREADABLE,
    openssl: 'it reads them as no constraints',
  }),
  row(
    'name constraints',
    'the root constrains the leaf',
    { root: { extensions: [permit(uri('git.example'))] } },
    { refused: /table leaf, under table root|table leaf, under CN=table root/ },
  ),
  row(
    'name constraints',
    'the root constrains the CA',
    { root: { extensions: [permit(['directory', acme])] }, leaf: { name: directory([ORGANIZATION, 'Acme']) } },
    { refused: /table CA, under CN=table root/ },
  ),
  row('name constraints', 'a CA that renewed its key by itself keeps its name', {
    root: { extensions: [permit(['directory', acme])] },
    middle: { subject: 'table root' },
    ca: { name: directory([ORGANIZATION, 'Acme']) },
    leaf: { name: directory([ORGANIZATION, 'Acme'], ['2.5.4.3', 'ci']) },
  }),
];
