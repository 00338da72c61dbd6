// The machine that a bench ran on: figures mean nothing without it.
import { cpus, loadavg, platform, release, totalmem } from "node:os";

export interface Machine {
  cpus: number;
  model: string;
  memory_gb: number;
  system: string;
  runtime: string;
  /** The load average of the last minute. */
  load: number;
}

export function describeMachine(): Machine {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model.trim() ?? "unknown",
    memory_gb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    runtime: `Node ${process.versions.node}`,
    load: round(loadavg()[0] ?? 0, 2),
  };
}

export const round = (value: number, digits = 1) => Number(value.toFixed(digits));
