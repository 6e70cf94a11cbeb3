import { child, type Der } from './der.ts';

/** One extension of a certificate, a CRL, an OCSP answer or a request: its DER value, and whether it must be understood. */
export type Extension = { readonly critical: boolean; readonly value: Buffer };
export type Extensions = ReadonlyMap<string, Extension>;

/** Reads Extensions (RFC 5280, 4.2) by OID. Throws an Error for one that is malformed or there twice. */
export function readExtensions(list: readonly Der[]): Extensions {
  const extensions = new Map<string, Extension>();
  for (const extension of list) {
    const oid = child(extension, 0).toOID();
    const last = child(extension, extension.subs.length - 1);
    if (!last.tag.isOctetString() || last.tag.constructed || extension.subs.length > 3)
      throw new Error(`the extension ${oid} is malformed`);
    if (extensions.has(oid)) throw new Error(`the extension ${oid} is there twice`);
    extensions.set(oid, { critical: extension.subs.length === 3 && child(extension, 1).toBoolean(), value: last.value });
  }
  return extensions;
}

/** The first critical extension that is none of those understood. */
export function notUnderstood(extensions: Extensions, understood: ReadonlySet<string>): string | undefined {
  for (const [oid, { critical }] of extensions) if (critical && !understood.has(oid)) return oid;
  return undefined;
}
