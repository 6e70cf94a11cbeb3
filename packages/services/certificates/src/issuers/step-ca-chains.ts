import type { X509Certificate } from 'node:crypto';
import { type Json, SignwrightError } from '@signwright/signing-core';
import { readPemChain } from '../pem-chain.ts';
import { addressOf, askIssuer, type IssuerOptions, notOne } from './ask-issuer.ts';
import { exactIssuers } from './exact-issuers.ts';
import { fetchRootUnverified } from './fetch-root-unverified.ts';
import type { IssuerChain } from './issuer-chain.ts';
import { readChain } from './read-chain.ts';

const STEP_CA = 'step-ca';
const NEXT = 'ask the operator of step-ca';
const PAGE = 100;
const MOST_PAGES = 20;

/** The chain of a step-ca up to the root with this digest, and the issuers of its OIDC provisioners. */
export async function stepCaChains(options: IssuerOptions, sha256: string): Promise<IssuerChain> {
  const root = await fetchRootUnverified(options, sha256);
  const trusting = { ...options, ca: [...(options.ca ?? []), root.toString()] };
  const { host } = addressOf(options.url, '');
  const answer = await askIssuer({ what: STEP_CA, options: trusting, path: '/1.0/intermediates', next: NEXT });
  const chain = ordered(readChain(answer['crts'], STEP_CA, host), root, host)
    .map(String)
    .join('');
  readPemChain(chain, 'the chain of step-ca');
  return { chains: [chain], issuers: exactIssuers(await endpoints(trusting, host)) };
}

/** step-ca lists its intermediates, the issuing one first, without the root. */
function ordered(
  [issuing, ...others]: readonly [X509Certificate, ...X509Certificate[]],
  root: X509Certificate,
  host: string,
): X509Certificate[] {
  const chain = [issuing];
  for (let last = issuing; !last.checkIssued(root); ) {
    const issuer = others.find((other) => !chain.includes(other) && last.checkIssued(other));
    if (issuer === undefined) {
      throw new SignwrightError('verification', 'the intermediate certificates of step-ca do not lead to that root', {
        where: host,
        next: 'give the fingerprint of the root they lead to, as its operator says it',
      });
    }
    chain.push(issuer);
    last = issuer;
  }
  return [...chain, root];
}

const DISCOVERY = /\/?\.well-known\/openid-configuration$/;

/** The issuers by their discovery addresses (OpenID Connect Discovery, 4). */
async function endpoints(options: IssuerOptions, host: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const path = `/1.0/provisioners?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`;
    const answer = await askIssuer({ what: STEP_CA, options, path, next: NEXT });
    if (!Array.isArray(answer['provisioners'])) throw notOne(STEP_CA, host, 'answers');
    for (const provisioner of answer['provisioners'] as readonly Json[]) {
      const { type, configurationEndpoint: endpoint } = Object(provisioner) as { type?: Json; configurationEndpoint?: Json };
      if (type === 'OIDC' && typeof endpoint === 'string') found.push(endpoint.replace(DISCOVERY, ''));
    }
    const next = answer['nextCursor'];
    if (typeof next !== 'string' || next === '' || next === cursor) break;
    cursor = next;
  }
  return found;
}
