import { SignwrightError } from '../error.ts';
import { canonicalDigest, type Sha256 } from '../formats/digest.ts';
import { quoted } from '../formats/quoted.ts';
import type { FieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';

/** What a release is called: `name@version`, where the name may have an `@` of its own and the version none. */
export type ReleaseName = { readonly name: string; readonly version: string };

/** The type of what stands for a release among the subjects of evidence. */
const RELEASE_NAME = 'https://signwright.dev/release-name/v1';

const LONGEST = { name: 200, version: 100 } as const;

/** Reads `NAME@VERSION`, cut at the last `@`. @throws SignwrightError `usage` that says what is wrong with it. */
export function parseReleaseName(text: string): ReleaseName {
  const at = text.lastIndexOf('@');
  const release = { name: text.slice(0, Math.max(0, at)), version: text.slice(at + 1) };
  const why = at < 0 ? 'has no "@"' : whyNoRelease(release);
  if (why === undefined) return release;
  throw new SignwrightError('usage', `the release ${quoted(text)} ${why}`, {
    next: 'call it NAME@VERSION, as in app@1.2.0 or @acme/app@1.2.0',
  });
}

/** A release as people write it. */
export function releaseText({ name, version }: ReleaseName): string {
  return `${name}@${version}`;
}

/** Whether two names are of the same release. */
export function isSameRelease(a: ReleaseName | undefined, b: ReleaseName): boolean {
  return a !== undefined && a.name === b.name && a.version === b.version;
}

/** The digest that evidence about a release is listed under, beside its artifacts: SHA-256 over RFC 8785 of its name and version. */
export function releaseSubject({ name, version }: ReleaseName): Sha256 {
  return canonicalDigest({ type: RELEASE_NAME, name, version });
}

/** Reads a release's name in a signed statement. */
export function readReleaseName(
  read: FieldReader,
  value: { readonly name?: Json; readonly version?: Json },
  path: string,
): ReleaseName {
  const release = { name: read.text(value.name, `${path}.name`), version: read.text(value.version, `${path}.version`) };
  const why = whyNoRelease(release);
  return why === undefined ? release : read.fail(path, why);
}

/** What keeps a name and a version from being those of a release: two that look alike must be the same. */
function whyNoRelease(release: ReleaseName): string | undefined {
  for (const part of ['name', 'version'] as const) {
    const text = release[part];
    if (text === '') return `has no ${part}`;
    if (text.length > LONGEST[part]) return `has a ${part} of more than ${LONGEST[part]} characters`;
    if (/[\p{Cc}\p{Cf}\p{Cs}\p{Z}\ufffd]/u.test(text)) return `has a space, or an invisible character, in its ${part}`;
    if (text.normalize('NFC') !== text) return `has a ${part} that is not in Unicode normal form C`;
  }
  return release.version.includes('@') ? 'has an "@" in its version' : undefined;
}
