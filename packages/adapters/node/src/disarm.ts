/**
 * Takes the meaning out of what a log would take for a command of Azure Pipelines or GitHub (`##vso[…]`, `##[…]`), and leaves the
 * rest. It keeps what the last piece ended with, so that a mark which comes in two pieces, or over two streams, is seen too.
 */
export function disarming(): (text: string) => string {
  let last = '';
  return (text) => {
    let made = '';
    for (const character of text) {
      made += character === '#' && last === '#' ? ' #' : character;
      last = character;
    }
    return made;
  };
}

/** One line, without control characters, of at most `most` characters: for messages that platforms show. */
export function disarmedLine(text: string, most = 2000): string {
  const line = disarming()(text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim());
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
