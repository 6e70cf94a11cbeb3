export type { CheckedToken, TokenRules } from './check-id-token.ts';
export { checkIdToken } from './check-id-token.ts';
export { checkedIdentity } from './checked-identity.ts';
export type { ClaimSource, TokenPlatform } from './claims-table.ts';
export { CLAIMS_TABLE, wordsOf } from './claims-table.ts';
export { whyPlanOnly } from './plan-only.ts';
export { renderClaimsTable } from './render-claims-table.ts';
