/** A serial number in hex as tools write it, with and without colons, leading zeros and capitals: in lower case, without any of them. */
export function plainSerial(text: string): string {
  return text
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
}
