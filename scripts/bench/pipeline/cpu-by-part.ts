// CPU that parts of a pipeline used, by message.
import { round } from "../measure/describe-machine.ts";
import { cpuOfTrees } from "../measure/read-processes.ts";

export interface CpuUse {
  cpuMsPer1k: number;
  cpuParts: Record<string, number>;
}

/** @param read what each part has used so far, in ms */
export async function watchCpu(
  read: () => Promise<Record<string, number>>,
): Promise<(messages: number) => Promise<CpuUse>> {
  const before = await read();
  return async (messages) => {
    const after = await read();
    const used = Object.entries(after).map(([part, ms]) => [part, ms - (before[part] ?? 0)] as const);
    const per1k = (ms: number) => round((ms * 1000) / messages);
    return {
      cpuMsPer1k: per1k(used.reduce((sum, [, ms]) => sum + ms, 0)),
      cpuParts: Object.fromEntries(used.map(([part, ms]) => [part, per1k(ms)])),
    };
  };
}

export const cpuOf = (pid: number | undefined) => cpuOfTrees(pid === undefined ? [] : [pid]);
