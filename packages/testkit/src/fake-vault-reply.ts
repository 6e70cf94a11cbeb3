/** What the fake Vault answers. */
export type VaultReply = {
  readonly status: number;
  readonly body?: { readonly [name: string]: unknown };
  readonly headers?: { readonly [name: string]: string };
};

/** An error as the API documentation has it: `{"errors": [...]}` for every status from 400 on. */
export function refuse(status: number, ...errors: readonly string[]): VaultReply {
  return { status, body: { errors } };
}

/** As go-multierror writes what handleRequest refuses with. */
export const PERMISSION_DENIED: VaultReply = refuse(403, '1 error occurred:\n\t* permission denied\n\n');
