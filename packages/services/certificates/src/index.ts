export type { AddToTrustRoot } from './add-to-trust-root.ts';
export { addToTrustRoot } from './add-to-trust-root.ts';
export type { TrialClaims } from './trial/claims.ts';
export type { TrialDomain } from './trial/domain.ts';
export { createTrialDomain, openTrialDomain } from './trial/domain.ts';
export { createTrialIdentityProvider } from './trial/identity-provider.ts';
export { createTrialIssuer } from './trial/issuer.ts';
export { TRIAL_AUDIENCE, TRIAL_ISSUER, TRIAL_MARKER_OID } from './trial/names.ts';
export { issuersPathOf } from './trust-root-file.ts';
