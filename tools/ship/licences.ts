import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundled, bundled } from './bundled.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const BUNDLE = join(root, 'packages/apps/cli/bundle');
const TEXTS = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** Writes our licence, the licences of all packages in the bundle, each text once, and the notices that stand in their sources. */
export function writeLicences(file: string): void {
  const parts = [
    section('Signwright', readFileSync(join(root, 'LICENSE'), 'utf8')),
    ...[...byText(bundled())].map(([text, titles]) => section(titles.join('\n'), text)),
    section('Notices in the sources', readFileSync(join(BUNDLE, 'signwright.cjs.LEGAL.txt'), 'utf8')),
  ];
  writeFileSync(file, parts.join('\n'));
}

function byText(packages: readonly Bundled[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const each of packages) {
    const text = textOf(each);
    found.set(text, [...(found.get(text) ?? []), `${each.name} ${each.version}: ${each.license}`]);
  }
  return found;
}

function section(title: string, text: string): string {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.trim()}\n`;
}

function textOf({ license, folders: [folder = ''] }: Bundled): string {
  const names = readdirSync(folder).filter((name) => TEXTS.test(name));
  const texts = names.sort().map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  return texts.length > 0 ? texts.join('\n\n') : `The package says "${license}" and carries no text of it.`;
}
