import { SignwrightError } from '@signwright/signing-core';
import { checkPlace, type S3Place } from './place.ts';

const FORM = 's3://BUCKET/PREFIX?region=REGION&endpoint=https://HOST&path-style=true';
const REFERENCE = /^s3:\/\/([^/?#\s]*)(\/[^?#\s]*)?(?:\?([^#\s]*))?$/;
const PARAMETERS = ['region', 'endpoint', 'path-style'];

/**
 * Reads `s3://bucket/prefix?region=eu-central-1&endpoint=https://s3.acme.example&path-style=true`; all but the bucket may be left
 * out. Credentials have no place in it.
 *
 * @throws SignwrightError `configuration` for any other form: an unknown or repeated parameter, a bucket that cannot exist, a prefix
 * that leads elsewhere, an endpoint without TLS on another machine.
 */
export function parseS3Reference(reference: string): S3Place {
  const match = REFERENCE.exec(reference);
  if (match === null) throw wrong('a store on S3 is not written as one');
  const [, bucket = '', prefix = '', query] = match;
  if (bucket.includes('@')) throw wrong('a store on S3 is written with credentials; they come from the environment');
  const parameters = new Map<string, string>();
  for (const [name, value] of query === undefined ? [] : new URLSearchParams(query)) {
    if (!PARAMETERS.includes(name)) throw wrong(`a store on S3 has no parameter ${JSON.stringify(name.slice(0, 100))}`);
    if (parameters.has(name)) throw wrong(`a store on S3 is told its ${name} twice`);
    parameters.set(name, value);
  }
  return checkPlace({
    bucket,
    prefix,
    region: parameters.get('region'),
    endpoint: parameters.get('endpoint'),
    pathStyle: readBoolean(parameters.get('path-style')),
  });
}

function readBoolean(value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw wrong('path-style of a store on S3 is true or false');
}

function wrong(message: string): SignwrightError {
  return new SignwrightError('configuration', message, { next: `write ${FORM}, with region, endpoint and path-style as needed` });
}
