// Runs the Edge Functions of a folder as the hosted platform does: real Deno, one process each, held to the limits.
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { answerPlatformError } from "./answer-platform-error.ts";
import { findAffected, listFunctions, printFolders } from "./find-functions.ts";
import { FunctionPool } from "./function-pool.ts";
import { measureSlowness } from "./machine-slowness.ts";
import { watchFolder } from "./watch-folder.ts";

export type FunctionsOptions = {
  functionsDir: string;
  /** Environment of every function. */
  env: Record<string, string>;
  /** deno.json to load functions with; by default the one two folders above `functionsDir`. */
  configFile?: string;
  /** Processes per function that share its calls in turn; 1 for functions not named. */
  isolates?: Record<string, number>;
  /** `source` is the function's name. */
  log: (source: string, line: string) => void;
  limits?: Partial<FunctionLimits>;
  /** Reload functions when their files change. Default true. */
  watch?: boolean;
};

export type FunctionLimits = {
  /**
   * CPU of a process' life, milliseconds, from which on it gets no new calls and finishes those it has. Default 1,000, and more
   * on a machine that is slower than hosted ones.
   */
  cpuSoftMs: number;
  /** CPU of a process' life, milliseconds, at which it is ended together with its work. Default 2,000, and more likewise. */
  cpuHardMs: number;
  /** Memory above the bare runtime's, mebibytes. Default 256. */
  memoryMb: number;
  /** Milliseconds until an answer must begin. Default 150,000. */
  idleTimeoutMs: number;
  /** Milliseconds a process lives at most. Default 400,000. */
  wallClockMs: number;
  /** Milliseconds a function may take to load. Default 30,000. */
  bootMs: number;
};

export type Functions = {
  /** Answers `/functions/v1/<name>/…`. */
  handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** Reloads the function; calls in progress have 10 s to finish. Errors: no such function. */
  restart: (name: string) => Promise<void>;
  /** Ends the function's processes as a crash would, at once. Returns their ids. */
  kill9: (name: string) => Promise<number[]>;
  /** Ids of the running processes by function. */
  pids: () => Record<string, number[]>;
  stop: () => Promise<void>;
};

/** Hosted's limits, with CPU for the work that a hosted machine does in that time. */
function hostedLimits(): FunctionLimits {
  const slowness = measureSlowness();
  return {
    cpuSoftMs: Math.round(1000 * slowness),
    cpuHardMs: Math.round(2000 * slowness),
    memoryMb: 256,
    idleTimeoutMs: 150_000,
    wallClockMs: 400_000,
    bootMs: 30_000,
  };
}

const prefix = "/functions/v1/";
const graceMs = 10_000;

/** Starts no process yet: each function's process starts with its first call. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { functionsDir, env, log } = options;
  const limits = { ...hostedLimits(), ...options.limits };
  const configFile = options.configFile ?? path.resolve(functionsDir, "..", "..", "deno.json");
  const pools = new Map<string, FunctionPool>();
  let names = new Set(await listFunctions(functionsDir));
  let prints = await printFolders(functionsDir);

  const poolOf = (name: string): FunctionPool | null => {
    const existing = pools.get(name);
    if (existing || !names.has(name)) return existing ?? null;
    const pool = new FunctionPool({
      ...limits,
      limits: { cpuSoftMs: limits.cpuSoftMs, cpuHardMs: limits.cpuHardMs, memoryMb: limits.memoryMb },
      name,
      entry: new URL(`file://${path.join(functionsDir, name, "index.ts")}`).href,
      functionsDir,
      configFile,
      env,
      isolates: options.isolates?.[name] ?? 1,
      log: (line) => log(name, line),
    });
    pools.set(name, pool);
    return pool;
  };
  const mustFind = (name: string): FunctionPool => {
    const pool = poolOf(name);
    if (!pool) throw new Error(`no function "${name}" in ${functionsDir}`);
    return pool;
  };

  const reload = async () => {
    const before = prints;
    prints = await printFolders(functionsDir);
    names = new Set(await listFunctions(functionsDir));
    const loaded = [...pools.keys()];
    const affected = await findAffected(functionsDir, before, prints, loaded);
    for (const name of affected) {
      log(name, names.has(name) ? "changed, loading anew" : "removed");
      void pools.get(name)?.restart(graceMs);
      if (!names.has(name)) pools.delete(name);
    }
  };
  const stopWatching =
    options.watch === false ? () => {} : await watchFolder(functionsDir, 150, () => void reload());

  return {
    handle: (req, res) => {
      const url = req.url ?? "/";
      const inside = url.startsWith(prefix) ? url.slice(prefix.length) : "";
      const pool = poolOf(inside.split(/[/?]/)[0] ?? "");
      if (pool) return void pool.handle({ path: `/${inside}`, req, res });
      req.resume();
      answerPlatformError(res, "NOT_FOUND");
    },
    restart: async (name) => mustFind(name).restart(graceMs),
    kill9: async (name) => mustFind(name).kill9(),
    pids: () => Object.fromEntries([...pools].map(([name, pool]) => [name, pool.pids])),
    stop: async () => {
      stopWatching();
      await Promise.all([...pools.values()].map((pool) => pool.stop(3000)));
    },
  };
}
