// Runs one of the project's own command-line tools and returns what it printed.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { quietEnvironment } from "local-supabase";

export const PROJECT_DIR = fileURLToPath(new URL("../..", import.meta.url));

/** Package and program file of each tool. */
const PROGRAMS = {
  biome: ["@biomejs/biome", "bin/biome"],
  deno: ["deno", "bin.cjs"],
  supabase: ["supabase", "dist/supabase.js"],
  tsc: ["typescript", "bin/tsc"],
  tsx: ["tsx", "dist/cli.mjs"],
} as const;

export type Tool = keyof typeof PROGRAMS;

export interface ToolOutput {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs it in the project's folder, without update checks, telemetry or colour. A failure is a code, not an exception. */
export function runTool(tool: Tool, args: string[], { input = "" } = {}): Promise<ToolOutput> {
  const [name, file] = PROGRAMS[tool];
  const program = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
  // The CLI writes into its home, and the user's settings there must not affect the project.
  const environment =
    tool === "supabase" ? quietEnvironment(join(tmpdir(), "sms-control-tower-cli")) : process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: PROJECT_DIR,
      env: { ...environment, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output.stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, ...output }));
    child.stdin.end(input);
  });
}
