// CPU that parts of the whole used, by what they did.
import type { StackProcess } from "../stack/start-stack-process.ts";
import { round } from "./describe-machine.ts";
import { cpuOfTrees } from "./read-processes.ts";

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

/** Of a stack: the database server, the functions by name, and the rest of the platform (gateway, Realtime, scheduler). */
export async function watchStackCpu(stack: StackProcess): Promise<(count: number) => Promise<CpuUse>> {
  return await watchCpu(async () => {
    const pids = await stack.pids();
    const functions = await Promise.all(
      Object.entries(pids.functions).map(async ([name, [pid]]) => [name, await cpuOf(pid)] as const),
    );
    const database = await cpuOf(pids.database);
    const all = (await cpuOf(stack.pid)) - (await cpuOf(pids.simulator));
    const inFunctions = functions.reduce((sum, [, ms]) => sum + ms, 0);
    return { database, ...Object.fromEntries(functions), platform: all - database - inFunctions };
  });
}
