// Runs a program to its end.
import { type SpawnOptions, spawn } from "node:child_process";

/** Resolves with everything it printed; rejects with the last of it when the exit code is not 0. */
export function runProgram(file: string, args: string[], options: SpawnOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${file} ended with ${signal ?? code}: ${output.trim().slice(-2000)}`));
    });
  });
}
