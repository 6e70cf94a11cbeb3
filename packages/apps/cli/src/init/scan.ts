import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasControlCharacter } from '@signwright/signing-core';

/** A rule proposed for what was found. */
export type Proposal = { readonly match: string; readonly kind?: string; readonly tier: string; readonly why: string };

const SKIP = new Set(['.git', '.signwright', 'node_modules', 'dist', 'build', 'target', 'vendor', '.terraform', '.venv']);
const DEEPEST = 6;
const MOST = 20_000;

/** What a file's name says is made here, and where such builds leave their artifacts. */
const SIGNS: readonly { readonly file: RegExp; propose(directory: string, name: string): Proposal[] }[] = [
  {
    file: /^package\.json$/,
    propose: (at) => [
      { match: under(at, 'dist/*.tgz'), kind: 'package', tier: 'production', why: `npm packages (${under(at, 'package.json')})` },
    ],
  },
  {
    file: /^(pyproject\.toml|setup\.py)$/,
    propose: (at, name) =>
      ['dist/*.whl', 'dist/*.tar.gz'].map((match) => ({
        match: under(at, match),
        kind: 'package',
        tier: 'production',
        why: `Python packages (${under(at, name)})`,
      })),
  },
  {
    file: /^pom\.xml$/,
    propose: (at) => [
      { match: under(at, 'target/*.jar'), kind: 'package', tier: 'production', why: `Maven packages (${under(at, 'pom.xml')})` },
    ],
  },
  {
    file: /^build\.gradle(\.kts)?$/,
    propose: (at, name) => [
      { match: under(at, 'build/libs/*.jar'), kind: 'package', tier: 'production', why: `Gradle packages (${under(at, name)})` },
    ],
  },
  {
    file: /^Chart\.yaml$/,
    propose: (at) => [
      { match: 'dist/charts/*.tgz', kind: 'chart', tier: 'production', why: `Helm charts (${under(at, 'Chart.yaml')})` },
    ],
  },
  {
    file: /\.tf$/,
    propose: (at) => [
      {
        match: `${PLANS}/**/*.tfplan`,
        kind: 'plan',
        tier: 'production',
        why: `Terraform plans (${at === '' ? '.' : at}), apart from their sources: terraform plan -out=…/${PLANS}/NAME.tfplan`,
      },
    ],
  },
  {
    file: /^(Dockerfile|Containerfile)(\..+)?$/,
    propose: (at, name) => [
      {
        match: 'registry.example.com/**',
        kind: 'image',
        tier: 'production',
        why: `images (${under(at, name)}); put your registry here`,
      },
    ],
  },
];

/** Where plans are to lie. Beside their sources, those would be looked at with them, and refused. */
const PLANS = 'plans';

const SBOM: Proposal = { match: 'dist/*.cdx.json', kind: 'sbom', tier: 'internal', why: 'bills of materials beside packages' };

/**
 * Looks below a directory for what builds are made of, and proposes a rule for each kind of artifact they leave; each once. The last
 * rules are for the rest of what lies in the same places, which would be refused otherwise.
 */
export async function scan(root: string): Promise<Proposal[]> {
  const found = new Map<string, Proposal>();
  const queue: { directory: string; depth: number }[] = [{ directory: '', depth: 0 }];
  let seen = 0;
  for (let next = queue.shift(); next && seen < MOST; next = queue.shift()) {
    const { directory, depth } = next;
    const entries = await readdir(join(root, directory), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      seen++;
      if (!isPlain(entry.name)) continue;
      if (entry.isDirectory() && depth < DEEPEST && !SKIP.has(entry.name))
        queue.push({ directory: under(directory, entry.name), depth: depth + 1 });
      if (!entry.isFile()) continue;
      for (const sign of SIGNS) {
        if (!sign.file.test(entry.name)) continue;
        for (const proposal of sign.propose(directory, entry.name))
          if (!found.has(proposal.match)) found.set(proposal.match, proposal);
      }
    }
  }
  const proposals = [...found.values(), ...([...found.values()].some(({ kind }) => kind === 'package') ? [SBOM] : [])];
  return [...proposals, ...restOf(proposals, await hasDist(root))];
}

/** A rule for each directory that builds write to, of which the proposals cover a part. */
function restOf(proposals: readonly Proposal[], dist: boolean): Proposal[] {
  const partial = proposals.filter(({ kind }) => kind !== 'image' && kind !== 'plan').map(({ match }) => placeOf(match));
  const places = [...new Set([...(dist ? ['dist'] : []), ...partial])];
  return places
    .filter((place) => !places.some((above) => place.startsWith(`${above}/`)))
    .map((place) => ({ match: `${place}/**`, tier: 'internal', why: `what else builds leave in ${place}` }));
}

/** `dist` for `dist/*.tgz`. */
function placeOf(match: string): string {
  const parts = match.split('/');
  return parts
    .slice(
      0,
      parts.findIndex((part) => part.includes('*')),
    )
    .join('/');
}

async function hasDist(root: string): Promise<boolean> {
  return (await stat(join(root, 'dist')).catch(() => undefined))?.isDirectory() === true;
}

/** Whether a name stands for itself alone in a pattern, and cannot end the line of YAML it is written into. */
function isPlain(name: string): boolean {
  return !hasControlCharacter(name) && !/[*\\\ufffd]/.test(name) && name.normalize('NFC') === name;
}

function under(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
