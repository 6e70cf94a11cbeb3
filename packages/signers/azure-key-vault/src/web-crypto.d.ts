/** A name of the Web Cryptography API that the types of @azure/msal-common take from the browser's library. Node has it too. */
import type { JsonWebKey as NodeJsonWebKey } from 'node:crypto';

declare global {
  interface JsonWebKey extends NodeJsonWebKey {}
}
