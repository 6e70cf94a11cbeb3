/**
 * Requests and answers as Microsoft prints them in Azure/azure-rest-api-specs (specification/keyvault/data-plane/Microsoft.KeyVault/
 * stable/7.4/examples), from which its REST reference is made.
 */
export const AZURE_KEY_EXAMPLES = {
  /** GetKey-example.json */
  getKey: {
    method: 'GET',
    host: 'myvault.vault.azure.net',
    path: '/keys/CreateSoftKeyTest/78deebed173b48e48f55abf87ed4cf71',
    answer: {
      key: {
        kid: 'https://myvault.vault.azure.net/keys/CreateSoftKeyTest/78deebed173b48e48f55abf87ed4cf71',
        kty: 'RSA',
        key_ops: ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'],
        n: '2HJAE5fU3Cw2Rt9hEuq-F6XjINKGa-zskfISVqopqUy60GOs2eyhxbWbJBeUXNor_gf-tXtNeuqeBgitLeVa640UDvnEjYTKWjCniTxZRaU7ewY8BfTSk-7KxoDdLsPSpX_MX4rwlAx-_1UGk5t4sQgTbm9T6Fm2oqFd37dsz5-Gj27UP2GTAShfJPFD7MqU_zIgOI0pfqsbNL5xTQVM29K6rX4jSPtylZV3uWJtkoQIQnrIHhk1d0SC0KwlBV3V7R_LVYjiXLyIXsFzSNYgQ68ZjAwt8iL7I8Osa-ehQLM13DVvLASaf7Jnu3sC3CWl3Gyirgded6cfMmswJzY87w',
        e: 'AQAB',
      },
      attributes: { enabled: true, created: 1493942451, updated: 1493942451, recoveryLevel: 'Recoverable+Purgeable' },
      tags: { purpose: 'unit test', 'test name ': 'CreateGetDeleteKeyTest' },
    },
  },
  /** sign-example.json */
  sign: {
    method: 'POST',
    host: 'myvault.vault.azure.net',
    path: '/keys/testkey/9885aa558e8d448789683188f8c194b0/sign',
    body: { alg: 'RS512', value: 'RUE3Nzg4NTQ4QjQ5RjFFN0U2NzAyQzhDNEMwMkJDOTA1MTYyOTUzNjI5NDhBNzZDQTlFOTM1NDA2M0ZGMjk2Mg' },
    answer: {
      kid: 'https://myvault.vault.azure.net/keys/testkey/9885aa558e8d448789683188f8c194b0',
      value:
        'aKFG8NXcfTzqyR44rW42484K_zZI_T7zZuebvWuNgAoEI1gXYmxrshp42CunSmmu4oqo4-IrCikPkNIBkHXnAW2cv03Ad0UpwXhVfepK8zzDBaJPMKVGS-ZRz8CshEyGDKaLlb3J3zEkXpM3RrSEr0mdV6hndHD_mznLB5RmFui5DsKAhez4vUqajgtkgcPfCekMqeSwp6r9ItVL-gEoAohx8XMDsPedqu-7BuZcBcdayaPuBRL4wWoTDULA11P-UN_sJ5qMj3BbiRYhIlBWGR04wIGfZ3pkJjHJUpOvgH2QajdYPzUBauOCewMYbq9XkLRSzI_A7HkkDVycugSeAA',
    },
  },
  /**
   * A 403 as users print it (hashicorp/terraform-provider-azurerm#27817 and others), with the names of actions from "Provide access to
   * Key Vault keys, certificates, and secrets with Azure role-based access control".
   */
  forbiddenByRbac: {
    error: {
      code: 'Forbidden',
      message:
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=5323f9a7-c851-4dd3-9116-4db61e363f3b;oid=faf80fe8-19dc-4674-bf55-669b818e288d;iss=https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/\r\nAction: 'Microsoft.KeyVault/vaults/keys/sign/action'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: myvault;location=switzerlandnorth\r\n",
      innererror: { code: 'ForbiddenByRbac' },
    },
  },
} as const;
