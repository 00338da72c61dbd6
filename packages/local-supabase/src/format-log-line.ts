// One log line of a running platform: time, source, text.

/** A longer name shifts only its own line. */
const WIDTH = 13;

/** @param line may hold several lines; each gets the prefix */
export function formatLogLine(source: string, line: string, now: Date): string {
  const prefix = `${now.toTimeString().slice(0, 8)} ${source.padEnd(WIDTH)} │ `;
  return line
    .split(/\r?\n/)
    .filter((part) => part.trim() !== "")
    .map((part) => prefix + part.trimEnd())
    .join("\n");
}
