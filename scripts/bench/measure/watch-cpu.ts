// CPU that each part of the platform used, per unit of work.
import type { StackProcess } from "../stack/start-stack-process.ts";
import { round } from "./describe-machine.ts";
import { cpuOfTrees, readProcesses } from "./read-processes.ts";

export interface CpuUse {
  cpuMsPer1k: number;
  cpuParts: Record<string, number>;
}

/** @param read what each part has used so far, in ms */
export async function watchCpu(
  read: () => Promise<Record<string, number>>,
): Promise<(count: number) => Promise<CpuUse>> {
  const before = await read();
  return async (count) => {
    const after = await read();
    const used = Object.entries(after).map(([part, ms]) => [part, ms - (before[part] ?? 0)] as const);
    const per1k = (ms: number) => round((ms * 1000) / count);
    return {
      cpuMsPer1k: per1k(used.reduce((sum, [, ms]) => sum + ms, 0)),
      cpuParts: Object.fromEntries(used.map(([part, ms]) => [part, per1k(ms)])),
    };
  };
}

export const cpuOf = (pid: number | undefined) => cpuOfTrees(pid === undefined ? [] : [pid]);

/**
 * The CPU of a stack: the database server, the functions (whose processes start and end), and its own process (gateway,
 * Realtime, scheduler). If only ps is available, functions' processes that have ended are left out.
 */
export async function watchStackCpu(stack: StackProcess): Promise<(count: number) => Promise<CpuUse>> {
  return await watchCpu(async () => {
    const pids = await stack.pids();
    const database = await cpuOf(pids.database);
    const [own] = await readProcesses([stack.pid]);
    const platform = own?.cpuMs ?? 0;
    const all = (await cpuOf(stack.pid)) - (await cpuOf(pids.simulator));
    return { database, functions: all - database - platform, platform };
  });
}
