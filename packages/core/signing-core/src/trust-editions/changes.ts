import { canonicalDigest, hexOf, type Sha256, sha256 } from '../formats/digest.ts';
import { isAbsent } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { whoText } from '../match-who.ts';
import { isTrial } from '../x509/certificate.ts';
import type { Authority } from '../x509/path.ts';
import type { TrustRootFiles } from './load-signed.ts';

/** What two trust roots differ in, a line each for what is gone (`-`), new (`+`) or described otherwise (`~`). */
export function trustRootChanges(before: TrustRootFiles, after: TrustRootFiles): string[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  const gone = [...was.keys()].filter((fact) => !is.has(fact)).map((fact) => `- ${fact}`);
  const added = [...is.keys()].filter((fact) => !was.has(fact)).map((fact) => `+ ${fact}`);
  const described = [...is].filter(([fact, digest]) => was.has(fact) && was.get(fact) !== digest);
  return [...gone, ...added, ...described.map(([fact]) => `~ ${fact}: other details of it differ`)];
}

/** What a trust root says, in words, with the digest of the whole entry behind each. */
function factsOf({ root, owners }: TrustRootFiles): ReadonlyMap<string, Sha256 | undefined> {
  const json = root.json as JsonObject;
  const entries = (key: string): readonly JsonObject[] => (json[key] ?? []) as readonly JsonObject[];
  const facts: [string, Sha256 | undefined][] = [];
  const add = (fact: string, entry?: Json): void => {
    const known = facts.filter(([one]) => one === fact || one.startsWith(`${fact} (again `)).length;
    facts.push([known === 0 ? fact : `${fact} (again ${known})`, entry === undefined ? undefined : canonicalDigest(entry)]);
  };
  add('the format', json['mediaType']);
  root.certificateAuthorities.forEach((authority, at) => {
    add(`certificate authority ${authorityText(authority)}`, entries('certificateAuthorities')[at]);
    for (const issuer of authority.issuers ?? []) add(`${nameOf(authority)} may assert ${issuer}`);
    if (authority.withoutRevocation !== undefined)
      add(`${nameOf(authority)} may do without revocation for certificates of ${authority.withoutRevocation} s`);
  });
  root.timestampAuthorities.forEach((authority, at) => {
    add(`timestamp authority ${authorityText(authority)}`, entries('timestampAuthorities')[at]);
  });
  for (const log of entries('tlogs')) add(`transparency log ${logText(log)}`, log);
  for (const log of entries('ctlogs')) add(`certificate transparency log ${logText(log)}`, log);
  for (const owner of owners?.owners ?? []) add(`owner ${whoText(owner)}`);
  if (owners !== undefined) add(`signatures of ${owners.threshold} owners must be there`);
  return new Map(facts);
}

function authorityText(authority: Authority): string {
  const { chain, validFrom, validUntil } = authority;
  const until = validUntil === undefined ? 'on' : `until ${new Date(validUntil).toISOString()}`;
  return `${nameOf(authority)}${chain.some(isTrial) ? ' (trial)' : ''}, trusted from ${new Date(validFrom).toISOString()} ${until}`;
}

function nameOf({ chain: [first] }: Authority): string {
  return `${first.subjectText} (sha256 ${first.fingerprint})`;
}

/** {@link parseTrustRoot} has read the key and its time already. */
function logText({ baseUrl, publicKey }: JsonObject): string {
  const { rawBytes, validFor } = publicKey as { rawBytes: string; validFor: { start: string; end?: string | null } };
  const key = hexOf(sha256(Buffer.from(rawBytes, 'base64')));
  const until = isAbsent(validFor.end) ? 'on' : `until ${validFor.end}`;
  return `${typeof baseUrl === 'string' ? baseUrl : 'without an address'} (key sha256 ${key}), trusted from ${validFor.start} ${until}`;
}
