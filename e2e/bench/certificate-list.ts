import { createHash } from 'node:crypto';

/** Certificates as a list has them, for tests and measurements: each by itself, and signed by nobody. */
export function certificateList(count: number): string {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const rows = Array.from({ length: count }, (_, index) => {
    const id = digest(`certificate ${index}`).toString('hex');
    // A key whose id begins with + would be a formula.
    const key = `x${digest(`key ${index % 500}`)
      .toString('base64')
      .slice(1)}`;
    const ends = new Date(Date.parse('2036-01-01T00:00:00Z') + index * 1000).toISOString();
    const names = `"CN=Issuing CA ${index % 5}, O=Acme","CN=job ${index}, O=Acme"`;
    const san = `https://gitlab.acme.example/acme/app-${index % 100}//.gitlab-ci.yml@refs/heads/main`;
    return `team-${index % 50},"releases, number ${index % 7}",production staging,2026-11-20T00:00:00.000Z,${ends},${names},${san},${id.slice(0, 32)},sha256:${id},${key}`;
  });
  return `owner,purpose,environments,not-before,not-after,issuer,subject,san,serial,digest,key\n${rows.join('\n')}\n`;
}
