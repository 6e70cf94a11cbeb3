import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl } from './openssl.ts';

/** A timestamp authority's key (PKCS#8) and chain (its own certificate first), in PEM. */
export type TimestampKeyPem = { privateKey: string; certificateChain: string };

/** Makes a root (`root.pem`) and a timestamp authority under it (`tsa.pem`, `tsa.key`) in a directory, all by OpenSSL. */
export function opensslTimestampKey(directory: string): TimestampKeyPem {
  const at = (name: string): string => join(directory, name);
  const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  openssl([
    'req',
    '-x509',
    ...p256,
    '-keyout',
    at('root.key'),
    '-out',
    at('root.pem'),
    '-days',
    '30',
    '-subj',
    '/CN=Test root',
    ...ca,
  ]);
  openssl(['req', ...p256, '-keyout', at('tsa.key'), '-out', at('tsa.csr'), '-subj', '/CN=Test timestamp authority']);
  const extensions = at('tsa.ext');
  writeFileSync(extensions, 'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n');
  const issuer = ['-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial', '-days', '30', '-extfile', extensions];
  openssl(['x509', '-req', '-in', at('tsa.csr'), '-out', at('tsa.pem'), ...issuer]);
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  return { privateKey: read('tsa.key'), certificateChain: `${read('tsa.pem')}${read('root.pem')}` };
}
