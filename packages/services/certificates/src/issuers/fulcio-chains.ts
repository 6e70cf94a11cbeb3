import { type Json, SignwrightError } from '@signwright/signing-core';
import { readPemChain } from '../pem-chain.ts';
import { fingerprintOf } from '../trust-root-file.ts';
import { addressOf, askIssuer, type IssuerOptions, notOne } from './ask-issuer.ts';
import { exactIssuers } from './exact-issuers.ts';
import type { IssuerChain } from './issuer-chain.ts';
import { readChain } from './read-chain.ts';

const FULCIO = 'Fulcio';
const NEXT = 'ask the operator of Fulcio';
const MOST_CHAINS = 32;

/** The chains of a Fulcio's trust bundle that end in the root with this digest, and the issuers of its configuration. */
export async function fulcioChains(options: IssuerOptions, sha256: string): Promise<IssuerChain> {
  const { host } = addressOf(options.url, '');
  const bundle = await askIssuer({ what: FULCIO, options, path: '/api/v2/trustBundle', next: NEXT });
  const chains = list(bundle['chains'], host).map((chain) => readChain(of(chain, 'certificates'), FULCIO, host));
  const roots = chains.map((chain) => fingerprintOf(chain.at(-1) ?? chain[0]));
  const [first, ...rest] = chains.filter((_, at) => roots[at] === sha256).map((chain) => chain.map(String).join(''));
  if (first === undefined) {
    throw new SignwrightError(
      'verification',
      `Fulcio has no chain to the root ${sha256}; its chains end in ${[...new Set(roots)].join(', ') || 'none'}`,
      {
        where: host,
        next: 'compare the address and the fingerprint with those its operator gave; trust none of its roots for being there',
      },
    );
  }
  for (const pem of [first, ...rest]) readPemChain(pem, 'the chain of Fulcio');
  const configuration = await askIssuer({ what: FULCIO, options, path: '/api/v2/configuration', next: NEXT });
  return {
    chains: [first, ...rest],
    issuers: exactIssuers(list(configuration['issuers'] ?? [], host).map((issuer) => of(issuer, 'issuerUrl'))),
  };
}

function list(value: Json | undefined, host: string): readonly Json[] {
  if (Array.isArray(value) && value.length <= MOST_CHAINS * 8) return value as readonly Json[];
  throw notOne(FULCIO, host, 'answers');
}

function of(value: Json, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { [key: string]: Json })[name]
    : undefined;
}
