/** Shows long work: one line that moves on a terminal, a plain line now and then in CI, nothing when quiet. */
export type Progress = { update(done: { files: number; bytes: number }): void; end(): void };

const ON_TERMINAL_MS = 100;
const IN_CI_MS = 10_000;

/** @param total files and bytes to come. */
export function showProgress(what: string, total: { files: number; bytes: number }, quiet: boolean): Progress {
  const terminal = process.stderr.isTTY === true;
  const every = terminal ? ON_TERMINAL_MS : IN_CI_MS;
  const started = Date.now();
  let shown = started;
  let drawn = false;
  return {
    update({ files, bytes }) {
      const now = Date.now();
      if (quiet || now - shown < every) return;
      shown = now;
      drawn = true;
      const rate = bytes / Math.max((now - started) / 1000, 0.001);
      const line = `${what}: ${files} of ${total.files} files, ${size(bytes)} of ${size(total.bytes)}, ${size(rate)}/s`;
      process.stderr.write(terminal ? `\r\u001b[K${line}` : `${line}\n`);
    },
    end() {
      if (drawn && terminal) process.stderr.write('\r\u001b[K');
    },
  };
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
