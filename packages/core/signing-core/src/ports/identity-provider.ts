/** Gives the running workload's ID token. */
export interface IdentityProvider {
  /** @returns a compact JWT for the audience. It is a secret: never logged, never stored. */
  idToken(audience: string): Promise<string>;
}
