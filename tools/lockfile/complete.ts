/** One entry of `packages` in a package-lock.json of version 3, as far as it matters here. */
type Entry = {
  version?: string;
  cpu?: string[];
  dev?: true;
  libc?: string[];
  optional?: true;
  os?: string[];
  optionalDependencies?: Record<string, string>;
};
export type Lockfile = { packages: Record<string, Entry> };

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/**
 * Adds the entries of other platforms' optional packages that npm left out of a lockfile. It leaves them out where the registry at
 * hand does not carry them, and `npm ci` then refuses the lockfile as out of step. Entries say what the package's name says: system,
 * processor, C library; they lack an integrity, which npm adds where the package can be had.
 *
 * @returns the completed lockfile and the names added.
 */
export function completeLockfile(lockfile: Lockfile): { lockfile: Lockfile; added: string[] } {
  const missing = Object.entries(lockfile.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, version]) => EXACT.test(version) && !isThere(lockfile, path, name))
      .flatMap(([name, version]) => entryFor(name, version, entry.dev === true)),
  );
  const packages = {
    ...lockfile.packages,
    ...Object.fromEntries(missing.map(({ name, entry }) => [`node_modules/${name}`, entry])),
  };
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { lockfile: { ...lockfile, packages: Object.fromEntries(sorted) }, added: missing.map(({ name }) => name) };
}

function isThere({ packages }: Lockfile, path: string, name: string): boolean {
  return `node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages;
}

/** The entry of a package named by its platform (`@x/cli-linux-x64-musl`); none where the name says no system or processor. */
function entryFor(name: string, version: string, dev: boolean): { name: string; entry: Entry }[] {
  const words = name.split(/[/-]/);
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined) return [];
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return [
    {
      name,
      entry: {
        version,
        cpu: [cpu],
        ...(dev ? { dev: true as const } : {}),
        ...(os === 'linux' && libc !== undefined ? { libc: [libc] } : {}),
        optional: true,
        os: [os],
      },
    },
  ];
}
