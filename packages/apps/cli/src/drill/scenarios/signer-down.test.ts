import { expect, test } from 'vitest';
import { keptWith } from './signer-down.ts';

type Key = Parameters<typeof keptWith>[0];

test.each([
  ['two keys of one KMS', ['awskms:///alias/a', 'awskms:///alias/b'], 2],
  ['two regions', ['awskms:///alias/a?region=eu-west-1', 'awskms:///alias/b?region=eu-north-1'], 1],
  ['two vaults', ['azurekms://a.vault.azure.net/k', 'azurekms://b.vault.azure.net/k'], 1],
  ['one vault, twice', ['azurekms://a.vault.azure.net/k', 'azurekms://a.vault.azure.net/other'], 2],
  ['a key ring and another in one place', [google('r', 1), google('other', 1)], 2],
  ['one Vault, whatever the key', ['hashivault://a', 'hashivault://b?version=2'], 2],
  ['one token', ['pkcs11:token=t;object=a', 'pkcs11:object=b;token=t'], 2],
  ['two tokens', ['pkcs11:token=t;object=a', 'pkcs11:token=u;object=a'], 1],
  ['files', ['keys/a.pem', 'keys/b.pem'], 1],
  ['a KMS and a file', ['hashivault://a', 'keys/b.pem', 'hashivault://c'], 2],
])('with the first key are lost those of the same service: %s', (_, refs, lost) => {
  const keys = refs.map((ref) => ({ ref }) as Key);
  expect(keptWith(keys[0] as Key, keys)).toHaveLength(lost);
});

function google(ring: string, version: number): string {
  return `gcpkms://projects/p/locations/l/keyRings/${ring}/cryptoKeys/k/cryptoKeyVersions/${version}`;
}
