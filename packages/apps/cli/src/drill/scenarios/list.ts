import type { Scenario } from '../scenario.ts';
import { auditStoreFull } from './audit-store-full.ts';
import { brokenChain } from './broken-chain.ts';
import { clockSkew } from './clock-skew.ts';
import { deniedRequest } from './denied-request.ts';
import { expiredCertificate } from './expired-certificate.ts';
import { lostApprover } from './lost-approver.ts';
import { registryDown } from './registry-down.ts';
import { revokedSigner } from './revoked-signer.ts';
import { signerDown } from './signer-down.ts';
import { tsaDown } from './tsa-down.ts';

/** All scenarios, in the order they are rehearsed. */
export const SCENARIOS: readonly Scenario[] = [
  brokenChain,
  revokedSigner,
  expiredCertificate,
  deniedRequest,
  signerDown,
  tsaDown,
  registryDown,
  auditStoreFull,
  clockSkew,
  lostApprover,
];
