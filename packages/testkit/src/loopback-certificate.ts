import { randomUUID } from 'node:crypto';
import { basicConstraints, extendedKeyUsage, keyUsage, type TestExtension, testCertificate } from './test-certificates.ts';
import { implicit, sequence } from './write-der.ts';

/** What a server of TLS on this machine needs: its certificate and key, and the authority to trust it by; all PEM. */
export function loopbackCertificate(): { readonly ca: string; readonly cert: string; readonly key: string } {
  const life = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };
  const authority = testCertificate({
    ...life,
    // Two authorities of one name cannot be trusted at once.
    subject: `test TLS authority ${randomUUID()}`,
    extensions: [basicConstraints(true, 0), keyUsage(0x04)],
  });
  const own = testCertificate({
    ...life,
    subject: 'test TLS server',
    issuer: authority,
    extensions: [basicConstraints(false), keyUsage(0x80), extendedKeyUsage(['serverAuth']), thisMachine()],
  });
  const key = own.keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { ca: pemOf(authority.der), cert: pemOf(own.der), key: key.toString() };
}

/** `localhost` and 127.0.0.1 (RFC 5280, 4.2.1.6). */
function thisMachine(): TestExtension {
  return { oid: '2.5.29.17', value: sequence(implicit(2, Buffer.from('localhost')), implicit(7, Buffer.of(127, 0, 0, 1))) };
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
