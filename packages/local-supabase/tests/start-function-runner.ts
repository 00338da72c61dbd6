// A function runner of a test file's own, over a copy of the fixture functions that the test may change.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Functions, type FunctionsOptions, startFunctions } from "../src/functions/start-functions.ts";
import { copyProject } from "./copy-project.ts";

export type FunctionRunner = {
  functions: Functions;
  functionsDir: string;
  url: string;
  /** What the functions printed, as "name: line". */
  lines: string[];
  call(path: string, init?: RequestInit): Promise<Response>;
  write(file: string, text: string): Promise<void>;
  stop(): Promise<void>;
};

/** `copies` are further names under which the function `echo` exists. */
export async function startFunctionRunner(
  overrides: Partial<FunctionsOptions> = {},
  copies: string[] = [],
): Promise<FunctionRunner> {
  const projectDir = await copyProject();
  const functionsDir = join(projectDir, "supabase", "functions");
  const echo = await readFile(join(functionsDir, "echo", "index.ts"), "utf8");
  for (const name of copies) {
    await mkdir(join(functionsDir, name));
    await writeFile(join(functionsDir, name, "index.ts"), echo.replace('"/echo"', `"/${name}"`));
  }
  const lines: string[] = [];
  const functions = await startFunctions({
    functionsDir,
    env: { ONLY_THIS: "is seen" },
    log: (source, line) => void lines.push(`${source}: ${line}`),
    ...overrides,
  });
  const server = createServer(functions.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/functions/v1`;
  return {
    functions,
    functionsDir,
    url,
    lines,
    call: (path, init) => fetch(url + path, init),
    async write(file, text) {
      const full = join(functionsDir, file);
      await mkdir(join(full, ".."), { recursive: true });
      await writeFile(full, text);
    },
    async stop() {
      await functions.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(projectDir, { recursive: true, force: true });
    },
  };
}

/** Whether a process with this id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
