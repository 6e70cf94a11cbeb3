import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { createAwsKmsSigner } from '@signwright/signer-aws-kms';
import { type AwsKmsReference, parseKeyReference } from '@signwright/signing-core';
import { median, type Row } from './measure.ts';

const SIGNATURES = 1_000;
const AT_ONCE = 32;
const LATENCY_MS = 10;
const ROUNDS = 7;
const SERVER = fileURLToPath(new URL('latency-kms.ts', import.meta.url));
const CREDENTIALS = { AWS_REGION: 'us-east-2', AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };

type Sign = (digest: Buffer) => Promise<unknown>;

/** 1,000 signatures by a KMS that answers after 10 ms, 32 at once: our signer against the vendor's SDK alone. */
export async function kms(): Promise<Row[]> {
  const server = spawn(process.execPath, [SERVER, String(LATENCY_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  Object.assign(process.env, CREDENTIALS);
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const host = `127.0.0.1:${String(port).trim()}`;
    const [ours, theirs] = [await ourSigning(host), sdkSigning(host)];
    const taken = { ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round <= ROUNDS; round++) {
      const [one, other] = [await timeOf(ours), await timeOf(theirs)];
      // The first round warms both up.
      if (round === 0) continue;
      taken.ours.push(one);
      taken.theirs.push(other);
    }
    const ideal = (SIGNATURES / AT_ONCE) * LATENCY_MS;
    return [
      {
        what: `1,000 signatures by a KMS that takes ${LATENCY_MS} ms, ${AT_ONCE} at once`,
        ours: median(taken.ours),
        theirs: median(taken.theirs),
        against: `AWS's SDK alone (the waits alone: ${Math.round(ideal)} ms)`,
        goal: { atMost: 1.3 },
      },
    ];
  } finally {
    server.kill();
    for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
  }
}

async function ourSigning(host: string): Promise<Sign> {
  const reference = parseKeyReference(`awskms://${host}/alias/bench`) as AwsKmsReference;
  const signer = await createAwsKmsSigner(reference, {});
  return (digest) => signer.sign({ algorithm: 'ecdsa-p256-sha256', digest });
}

/** As the SDK's guide has it, with sockets enough. */
function sdkSigning(host: string): Sign {
  const agent = { keepAlive: true, maxSockets: 128 };
  const client = new KMSClient({ endpoint: `http://${host}`, requestHandler: { httpAgent: agent } });
  return (Message) =>
    client.send(new SignCommand({ KeyId: 'alias/bench', Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }));
}

/** Milliseconds for all signatures. */
async function timeOf(sign: Sign): Promise<number> {
  const digests = Array.from({ length: SIGNATURES }, () => randomBytes(32));
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let digest = digests.pop(); digest !== undefined; digest = digests.pop()) await sign(digest);
    }),
  );
  return performance.now() - started;
}
