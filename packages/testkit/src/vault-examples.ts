/**
 * Requests and answers as OpenBao's API documentation prints them (website/content/docs/api in openbao/openbao v2.6, which has them
 * from HashiCorp Vault's): the path below /v1/, what is sent, the members of the answer that are shown.
 */
export const VAULT_EXAMPLES = {
  /** secret/transit.mdx, "Read key". A key that signs nothing. */
  readKey: {
    method: 'GET',
    path: 'transit/keys/my-key',
    answer: {
      data: {
        type: 'aes256-gcm96',
        deletion_allowed: false,
        derived: false,
        exportable: false,
        allow_plaintext_backup: false,
        keys: { '1': 1442851412 },
        min_decryption_version: 1,
        min_encryption_version: 0,
        name: 'foo',
        supports_encryption: true,
        supports_decryption: true,
        supports_derivation: true,
        supports_signing: false,
        imported_key: false,
      },
    },
  },
  /** secret/transit.mdx, "Sign data". */
  sign: {
    method: 'POST',
    path: 'transit/sign/my-key/sha2-512',
    body: { input: 'adba32==' },
    answer: {
      data: {
        signature: 'vault:v1:MEUCIQCyb869d7KWuA0hBM9b5NJrmWzMW3/pT+0XYCM9VmGR+QIgWWF6ufi4OS2xo1eS2V5IeJQfsi59qeMWtgX0LipxEHI=',
      },
    },
  },
  /** auth/jwt.mdx, "JWT login". */
  jwtLogin: {
    method: 'POST',
    path: 'auth/jwt/login',
    body: { role: 'dev-role', jwt: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...' },
    answer: {
      auth: {
        client_token: 'f33f8c72-924e-11f8-cb43-ac59d697597c',
        accessor: '0e9e354a-520f-df04-6867-ee81cae3d42d',
        policies: ['default', 'dev', 'prod'],
        lease_duration: 2764800,
        renewable: true,
      },
    },
  },
  /** auth/approle.mdx, "Login with AppRole". */
  appRoleLogin: {
    method: 'POST',
    path: 'auth/approle/login',
    body: { role_id: '59d6d1ca-47bb-4e7e-a40b-8be3bc5a0ba8', secret_id: '84896a0c-1347-aa90-a4f6-aca8b7558780' },
    answer: {
      auth: {
        renewable: true,
        lease_duration: 1200,
        metadata: null,
        token_policies: ['default'],
        accessor: 'fd6c9a00-d2dc-3b11-0be5-af7ae0e1d374',
        client_token: '5b1a0318-679c-9c45-e5c6-d1b9a9035d49',
      },
      warnings: null,
      wrap_info: null,
      data: null,
      lease_duration: 0,
      renewable: false,
      lease_id: '',
    },
  },
  /** auth/token.mdx, "Lookup a token (Self)". */
  lookUpSelf: {
    method: 'GET',
    path: 'auth/token/lookup-self',
    answer: {
      data: {
        accessor: '8609694a-cdbc-db9b-d345-e782dbb562ed',
        creation_time: 1523979354,
        creation_ttl: 2764800,
        display_name: 'ldap2-tesla',
        entity_id: '7d2e3179-f69b-450c-7179-ac8ee8bd8ca9',
        expire_time: '2018-05-19T11:35:54.466476215-04:00',
        explicit_max_ttl: 0,
        id: 'cf64a70f-3a12-3f6c-791d-6cef6d390eed',
        identity_policies: ['dev-group-policy'],
        issue_time: '2018-04-17T11:35:54.466476078-04:00',
        meta: { username: 'tesla' },
        num_uses: 0,
        orphan: true,
        path: 'auth/ldap2/login/tesla',
        policies: ['default', 'testgroup2-policy'],
        renewable: true,
        ttl: 2764790,
      },
    },
  },
  /** secret/pki.mdx, "Sign certificate": its certificates are shortened, so only the members' names and kinds hold. */
  pkiSign: {
    method: 'POST',
    path: 'pki/sign/my-role',
    body: { csr: '...', common_name: 'example.com' },
    answer: {
      lease_id: 'pki/sign/test/7ad6cfa5-f04f-c62a-d477-f33210475d05',
      renewable: false,
      lease_duration: 21600,
      data: {
        certificate: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n',
        issuing_ca: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n',
        ca_chain: ['-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n'],
        serial_number: '39:dd:2e:90:b7:23:1f:8d:d3:7d:31:c5:1b:da:84:d0:5b:65:31:58',
      },
      auth: null,
    },
  },
} as const;
