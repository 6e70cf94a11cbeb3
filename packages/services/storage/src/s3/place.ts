import { SignwrightError } from '@signwright/signing-core';

/** Where a store on S3 is. No credentials: they come from where AWS's tools look for them. */
export type S3Place = {
  bucket: string;
  /** Before every key, without `/` at either end; none unless told. */
  prefix?: string | undefined;
  /** `eu-central-1`; the environment's (AWS_REGION, a profile) unless told. */
  region?: string | undefined;
  /** The URL of a server that speaks S3, where it is not Amazon's; `http:` on loopback alone. */
  endpoint?: string | undefined;
  /** `https://host/bucket/key` in place of `https://bucket.host/key`, as most servers but Amazon's want it. */
  pathStyle?: boolean | undefined;
};

const MAX_PREFIX = 400;
/** As for keys, but for capitals: no part begins with a dot. */
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
/** "General purpose bucket naming rules" of the Amazon S3 User Guide, with the prefixes and suffixes it reserves. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const NO_BUCKET = /\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$|^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host, as URLs have it, is this machine. */
function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Throws `configuration` unless the place is one; returns it with the prefix in its written form. */
export function checkPlace({ bucket, prefix = '', region, endpoint, pathStyle = false }: S3Place): S3Place & { prefix: string } {
  if (!BUCKET.test(bucket) || NO_BUCKET.test(bucket)) {
    throw wrong(`${quoted(bucket)} is not the name of a bucket`, 'use 3 to 63 of [a-z0-9.-], as Amazon S3 names buckets');
  }
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  if (trimmed.length > MAX_PREFIX || (trimmed !== '' && !PREFIX.test(trimmed))) {
    throw wrong(
      `${quoted(prefix)} cannot stand before the keys of a bucket`,
      `use parts of [A-Za-z0-9._-] that do not begin with a dot, "/" between them, ${MAX_PREFIX} characters in all`,
    );
  }
  if (region !== undefined && !REGION.test(region)) throw wrong(`${quoted(region)} is no region`, 'write it as in eu-central-1');
  return { bucket, prefix: trimmed, region, endpoint: endpoint === undefined ? undefined : checkEndpoint(endpoint), pathStyle };
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrong('the endpoint is not a URL', 'write it as in https://s3.acme.example');
  if (url.username !== '' || url.password !== '') {
    throw wrong(
      'the endpoint carries a password',
      'leave it out: credentials come from the environment, and endpoints are logged',
    );
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw wrong(`the endpoint ${url.origin} is not https`, 'use https; http is for this machine alone');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw wrong(
      `the endpoint has more than a host and a port: ${url.origin}`,
      'leave out what follows; the bucket comes after s3://',
    );
  }
  return url.origin;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function wrong(message: string, next: string): SignwrightError {
  return new SignwrightError('configuration', message, { next });
}
