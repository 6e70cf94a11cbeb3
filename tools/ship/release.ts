import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Where the version and digest are that adapters name unless they are told otherwise. */
export const PIN: string = fileURLToPath(new URL('release.json', import.meta.url));

/** A version of the single file, and its SHA-256 in hex. */
export type Release = { readonly version: string; readonly sha256: string };

/** The version of the command. */
export function version(): string {
  return (JSON.parse(readFileSync(path('packages/apps/cli/package.json'), 'utf8')) as Release).version;
}

/** What is built here now. */
export function built(): Release {
  const bytes = readFileSync(path('packages/apps/cli/bundle/signwright.cjs'));
  return { version: version(), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** What adapters name. */
export function pinned(): Release {
  return JSON.parse(readFileSync(PIN, 'utf8')) as Release;
}

/** Says how what adapters name differs from what is built; nothing where it does not. */
export function pinDiffers(pin: Release, now: Release): string | undefined {
  if (pin.version === now.version && pin.sha256 === now.sha256) return undefined;
  return `adapters name ${pin.version} with SHA-256 ${pin.sha256}; what is built is ${now.version} with ${now.sha256}`;
}
