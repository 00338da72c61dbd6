// Messages between a function's process and its runner: the runner writes lines to stdin, the process writes marked lines
// to stdout, between the function's own output.

export type UnloadReason = "cpu" | "memory" | "wall_clock" | "early_drop" | "termination";

export type Limits = {
  /** CPU of the process' life, milliseconds, from which on it gets no new calls. */
  cpuSoftMs: number;
  /** CPU of the process' life, milliseconds, at which it is ended. */
  cpuHardMs: number;
  /** Memory above the bare runtime's, mebibytes. */
  memoryMb: number;
};

/**
 * Runner to process: dispatch `beforeunload` with this reason now; or end as soon as nothing is in progress, at the
 * latest after `graceMs`, with `beforeunload` first if it was not dispatched yet.
 */
export type Order = { announce: UnloadReason } | { leave: UnloadReason; graceMs: number };

/** Process to runner. `retire`: no new calls, current ones go on; `over`: end the process. */
export type Notice =
  | { type: "ready"; port: number }
  | { type: "boot-error"; message: string }
  | { type: "limit"; limit: "cpu" | "memory"; stage: "retire" | "over"; detail: string };

/** What the process is started with, as its only argument (JSON). */
export type Start = { entry: string; token: string; limits: Limits };

// The mark is unguessable, so that nothing a function prints can be taken for a notice.
export function noticeLine(token: string, notice: Notice): string {
  return `\u0001${token} ${JSON.stringify(notice)}\n`;
}

/** Returns the notice a line of stdout carries, or null for the function's own output. */
export function readNotice(token: string, line: string): Notice | null {
  const mark = `\u0001${token} `;
  return line.startsWith(mark) ? (JSON.parse(line.slice(mark.length)) as Notice) : null;
}
