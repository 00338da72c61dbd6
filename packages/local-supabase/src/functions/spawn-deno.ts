// Starts one Deno process for one function, with the rights and environment that hosted gives it.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { locateDeno } from "./locate-deno.ts";
import type { Start } from "./runner-protocol.ts";

export type DenoOptions = {
  functionsDir: string;
  /** deno.json with the import map and `"nodeModulesDir": "manual"`; node_modules is in the same folder. */
  configFile: string;
  /** Everything the function sees in its environment. */
  env: Record<string, string>;
};

const bootFile = fileURLToPath(new URL("./deno/boot-function.ts", import.meta.url));

export function spawnDeno(options: DenoOptions, name: string, start: Start): ChildProcessWithoutNullStreams {
  const modules = realPath(path.join(path.dirname(options.configFile), "node_modules"));
  const readable = [options.functionsDir, modules, path.dirname(path.dirname(bootFile))];
  const flags = [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-lock",
    // Packages are read from node_modules only: a function that needs the network to start fails here, not in production.
    "--no-remote",
    `--config=${options.configFile}`,
    "--allow-net",
    "--allow-env",
    "--allow-sys",
    // For the watcher's two libc calls; revoked before the function is loaded.
    "--allow-ffi",
    `--allow-read=${readable.join(",")}`,
    `--v8-flags=--max-old-space-size=${start.limits.memoryMb}`,
  ];
  return spawn(locateDeno(), [...flags, bootFile, JSON.stringify(start)], {
    cwd: path.dirname(options.configFile),
    stdio: ["pipe", "pipe", "pipe"],
    // A process group of its own: Ctrl-C reaches the runner, which then lets functions end in order.
    detached: true,
    // A function gets nothing of this shell's environment, except the clock that all processes must share.
    env: {
      ...sharedClock(),
      SB_REGION: "local",
      SB_EXECUTION_ID: crypto.randomUUID(),
      SUPABASE_FUNCTION_SLUG: name,
      ...options.env,
      DENO_DIR: path.join(modules, ".cache", "deno"),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
    },
  });
}

/** Deno compares real paths with what it may read; node_modules may be a link, or missing if functions need no packages. */
function realPath(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}

/** The variables by which libfaketime sets a process' clock: with two clocks, a token would be expired or not yet valid. */
function sharedClock(): Record<string, string> {
  if (!process.env.FAKETIME && !process.env.FAKETIME_SHARED) return {};
  const names = /^(?:FAKETIME.*|NO_FAKE_STAT|LD_PRELOAD|DYLD_INSERT_LIBRARIES|DYLD_FORCE_FLAT_NAMESPACE)$/;
  const isSet = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(
    Object.entries(process.env)
      .filter(isSet)
      .filter(([name]) => names.test(name)),
  );
}
