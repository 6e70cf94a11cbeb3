import { writeFileSync } from 'node:fs';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { type Bundled, bundled } from './bundled.ts';
import { checkBillOfMaterials } from './check-bill-of-materials.ts';
import { built } from './release.ts';

/**
 * Writes what is inside the single file, CycloneDX 1.6 as JSON: each npm package with version, licence and package URL. It carries no time
 * and no random number, so that the same build gives the same bytes.
 *
 * @throws Error where it is not what the format's schema says, or a licence is no SPDX id.
 */
export function writeBillOfMaterials(file: string): void {
  const bom = new Models.Bom();
  const { version, sha256 } = built();
  const command = component({ name: 'signwright', version, license: 'Apache-2.0' }, Enums.ComponentType.Application);
  command.hashes.set(Enums.HashAlgorithm['SHA-256'], sha256);
  bom.metadata.component = command;
  for (const each of bundled()) {
    const part = component(each, Enums.ComponentType.Library);
    bom.components.add(part);
    command.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  checkBillOfMaterials(text);
  writeFileSync(file, `${text}\n`);
}

type Named = Pick<Bundled, 'name' | 'version' | 'license'>;

function component({ name, version, license }: Named, type: Enums.ComponentType): Models.Component {
  const [base = name, group] = name.split('/').reverse();
  // The purl specification has the @ of a scope written as %40.
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const made = new Models.Component(type, base, { version, purl, bomRef: purl, ...(group === undefined ? {} : { group }) });
  made.licenses.add(LICENCES.makeSpdxLicense(license));
  return made;
}

const LICENCES = new Contrib.License.Factories.LicenseFactory((expression) => {
  throw new RangeError(`"${expression}" is more than one licence`);
});
