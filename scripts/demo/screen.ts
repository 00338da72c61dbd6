// The output of the demo: lines, and on a terminal a part that is redrawn in place.

export interface Screen {
  say(line?: string): void;
  /** Draws these lines in place of the previous ones; without a terminal, prints `plain` now and then instead. */
  draw(lines: string[], plain: string): void;
  /** Keeps what was drawn last: later output goes below it. */
  keep(): void;
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

/** The least time between two plain lines of one drawing, so that a log stays readable. */
const PLAIN_EVERY_MS = 2_000;

/** @param quiet shows nothing at all */
export function createScreen(stream: NodeJS.WriteStream, quiet: boolean): Screen {
  if (quiet) return { say() {}, draw() {}, keep() {}, good: same, bad: same, faint: same };
  return stream.isTTY ? terminalScreen(stream) : plainScreen(stream);
}

const same = (text: string) => text;

function plainScreen(stream: NodeJS.WriteStream): Screen {
  let saidAt = Number.NEGATIVE_INFINITY;
  let last: string | undefined;
  const write = (line: string) => void stream.write(`${line}\n`);
  return {
    say: (line = "") => write(line),
    draw(_lines, plain) {
      last = plain;
      if (performance.now() - saidAt < PLAIN_EVERY_MS) return;
      saidAt = performance.now();
      last = undefined;
      write(plain);
    },
    keep() {
      if (last !== undefined) write(last);
      last = undefined;
      saidAt = Number.NEGATIVE_INFINITY;
    },
    good: same,
    bad: same,
    faint: same,
  };
}

function terminalScreen(stream: NodeJS.WriteStream): Screen {
  let drawn = 0;
  const hasColour = !process.env.NO_COLOR;
  const paint = (code: number) => (text: string) => (hasColour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    say(line = "") {
      drawn = 0;
      stream.write(`${line}\n`);
    },
    draw(lines) {
      // A wrapped line would count as one line and be overwritten as one.
      const width = Math.max(20, (stream.columns ?? 80) - 1);
      const up = drawn > 0 ? `\u001b[${drawn}A` : "";
      stream.write(up + lines.map((line) => `\u001b[2K${line.slice(0, width)}\n`).join(""));
      drawn = lines.length;
    },
    keep() {
      drawn = 0;
    },
    good: paint(32),
    bad: paint(31),
    faint: paint(2),
  };
}
