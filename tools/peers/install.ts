// node tools/peers/install.ts [name…]: installs the programs our tests are held against, as far as this machine lacks them.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuiltPeer, folderOf, locate, onPath, peerCache, sourceOf } from './locate.ts';
import { PEERS, type Peer, titleOf } from './peers.ts';
import { Failure, run } from './run.ts';

const BUILD_MINUTES = 20;

/** Brings one peer to this machine. Safe to run twice at once; what is already there is left alone. */
export async function install(peer: Peer): Promise<'installed' | 'already there'> {
  if (locate(peer) !== undefined) return 'already there';
  if (peer.kind === 'debian') await installByApt(peer);
  else if (peer.kind === 'python') await installByPip(peer);
  else if (peer.kind === 'npm') await installByNpm(peer);
  else await installByGo(peer);
  return 'installed';
}

/** Builds beside its place, proves it runs, then renames: whoever finds the folder finds a program that works. */
async function build(peer: BuiltPeer, buildIn: (folder: string) => Promise<void>): Promise<void> {
  const target = folderOf(peer);
  await mkdir(peerCache(), { recursive: true });
  const building = await mkdtemp(`${target}.building-`);
  try {
    await buildIn(building);
    await prove(join(building, peer.name), peer);
    await rename(building, target).catch((error: unknown) => {
      if (locate(peer) === undefined) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function installByGo(peer: BuiltPeer & { kind: 'go' | 'go-source' }): Promise<void> {
  const go = onPath('go');
  if (go === undefined)
    throw new Failure('it is built by Go, and "go" is not on PATH: install Go 1.26 or newer from https://go.dev/dl');
  await build(peer, async (folder) => {
    const environment = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' };
    const args =
      peer.kind === 'go'
        ? ['install', `${peer.module}@${peer.version}`]
        : ['build', '-C', sourceOf(peer), '-trimpath', '-buildvcs=false', '-o', join(folder, peer.name), '.'];
    await run(go, args, { environment, minutes: BUILD_MINUTES });
  });
}

/** A virtual environment of its own. pip writes its path into its programs, and ours is renamed: so we start it by module. */
async function installByPip(peer: BuiltPeer & { kind: 'python' }): Promise<void> {
  const python = onPath('python3');
  if (python === undefined)
    throw new Failure('it is written in Python, and "python3" is not on PATH: install Python 3.11 or newer, with its venv');
  const requirements = join(import.meta.dirname, 'requirements', `${peer.name}.txt`);
  await build(peer, async (folder) => {
    await run(python, ['-m', 'venv', folder], { minutes: BUILD_MINUTES });
    const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--no-deps', '--requirement', requirements];
    await run(join(folder, 'bin', 'python'), pip, { minutes: BUILD_MINUTES });
    const start = `#!/bin/sh\nexec "$(dirname "$0")/bin/python" -m ${peer.module} "$@"\n`;
    await writeFile(join(folder, peer.name), start, { mode: 0o755 });
  });
}

/** What the lockfile pins, without the scripts of any package. It is started by the Node on PATH: our scripts run on 24. */
async function installByNpm(peer: BuiltPeer & { kind: 'npm' }): Promise<void> {
  const npm = onPath('npm');
  if (npm === undefined)
    throw new Failure('it comes from npm, and "npm" is not on PATH: install Node 20.20 or newer with its npm');
  await build(peer, async (folder) => {
    for (const name of ['package.json', 'package-lock.json'])
      await copyFile(join(import.meta.dirname, 'npm', peer.name, name), join(folder, name));
    await run(npm, ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'], { minutes: BUILD_MINUTES });
    const start = `#!/bin/sh\nexec node "$(dirname "$0")/node_modules/.bin/${peer.name}" "$@"\n`;
    await writeFile(join(folder, peer.name), start, { mode: 0o755 });
  });
}

let listed: Promise<unknown> | undefined;

async function installByApt(peer: Peer & { kind: 'debian' }): Promise<void> {
  const apt = onPath('apt-get');
  if (apt === undefined)
    throw new Failure(`it is not on PATH, and this is no Debian: install ${peer.package} by your system's own means`);
  if (process.getuid?.() !== 0) throw new Failure(`it is not on PATH: run "sudo apt-get install ${peer.package}"`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  listed ??= run(apt, ['update', ...wait], { environment, minutes: 5 });
  await listed;
  const install = () =>
    run(apt, ['install', '-y', '--no-install-recommends', ...wait, peer.package], { environment, minutes: 10 });
  await (peer.daemon ? withoutDaemons(install) : install());
  const program = locate(peer);
  if (program === undefined)
    throw new Failure(`package ${peer.package} is installed and has no program ${peer.name}: check tools/peers/peers.ts`);
  await prove(program, peer);
}

async function prove(program: string, { proof }: Peer): Promise<void> {
  if (proof !== undefined) await run(program, proof);
}

const POLICY = '/usr/sbin/policy-rc.d';

/** Debian's packages ask this program whether they may start what they bring; where somebody put one, it stays. */
async function withoutDaemons(install: () => Promise<unknown>): Promise<void> {
  if (existsSync(POLICY)) {
    await install();
    return;
  }
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  try {
    await install();
  } finally {
    await rm(POLICY, { force: true });
  }
}

/**
 * Installs the named peers, or all, one after the other (each build uses every core) and says of each what became of it.
 *
 * @returns the number of peers that could not be had, unknown names among them.
 */
export async function installAll(names: readonly string[], say: (line: string) => void): Promise<number> {
  const peers: readonly Peer[] = PEERS;
  const unknown = names.filter((name) => !peers.some((peer) => peer.name === name));
  for (const name of unknown) say(`${name}: cannot: no such peer; known are ${peers.map((peer) => peer.name).join(', ')}`);
  let missing = unknown.length;
  for (const peer of peers.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const started = performance.now();
    try {
      const outcome = await install(peer);
      const seconds = Math.round((performance.now() - started) / 1000);
      say(`${titleOf(peer)}: ${outcome === 'installed' ? `installed in ${seconds} s` : outcome}`);
    } catch (error) {
      missing += 1;
      say(`${titleOf(peer)}: cannot: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return missing;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const missing = await installAll(process.argv.slice(2), (line) => console.log(line));
  process.exitCode = missing === 0 ? 0 : 1;
}
