// CPU and memory of processes: /proc where there is one (10 ms resolution), else ps.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface ProcessUse {
  pid: number;
  parent: number;
  /** User and system time. */
  cpuMs: number;
  /** CPU of children that have ended and were waited for; 0 if only ps is available. */
  endedMs: number;
  rssKb: number;
}

const MS_PER_TICK = 10;
const KB_PER_PAGE = 4;
const run = promisify(execFile);

/** @param pids default: every process of this machine that we may read */
export async function readProcesses(pids?: readonly number[]): Promise<ProcessUse[]> {
  if (process.platform === "linux")
    return await readProc(pids ?? (await readdir("/proc")).filter((name) => /^\d+$/.test(name)));
  return (await readPs()).filter(({ pid }) => pids?.includes(pid) ?? true);
}

async function readProc(pids: readonly (number | string)[]): Promise<ProcessUse[]> {
  const all = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)),
  );
  return all.filter((text) => text !== undefined).map(readStat);
}

/** The name of the program is in brackets and may contain anything; fields are counted after it. */
function readStat(text: string): ProcessUse {
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const at = (n: number) => fields[n] ?? 0;
  return {
    pid: Number.parseInt(text, 10),
    parent: at(1),
    cpuMs: (at(11) + at(12)) * MS_PER_TICK,
    endedMs: (at(13) + at(14)) * MS_PER_TICK,
    rssKb: at(21) * KB_PER_PAGE,
  };
}

async function readPs(): Promise<ProcessUse[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,rss=,time="], { maxBuffer: 2 ** 24 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, rss, time] = line.trim().split(/\s+/);
      return {
        pid: Number(pid),
        parent: Number(parent),
        cpuMs: readCpuTime(time ?? "0"),
        endedMs: 0,
        rssKb: Number(rss),
      };
    });
}

/** [[days-]hours:]minutes:seconds[.hundredths] */
export function readCpuTime(text: string): number {
  const [days, clock] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (clock ?? "0").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

/** A process with all its descendants. */
export async function readTree(root: number): Promise<ProcessUse[]> {
  const all = await readProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  // The list grows while it is walked: the children of each process are appended.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** CPU of processes and all their descendants in ms, ended ones included if the system reports them. */
export async function cpuOfTrees(roots: readonly number[]): Promise<number> {
  const trees = await Promise.all(roots.map(readTree));
  return trees.flat().reduce((sum, { cpuMs, endedMs }) => sum + cpuMs + endedMs, 0);
}
