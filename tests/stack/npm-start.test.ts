// `npm start` runs until it is told to end, and `npm run reset` deletes all of its data.
import { execFile, spawn } from "node:child_process";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readEnvFile } from "local-supabase";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFreePortBase, portsFrom } from "../../scripts/stack/ports.ts";
import { PROJECT_DIR } from "../../scripts/stack/project-dir.ts";

let dataDir: string;
let base: number;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower start "));
  base = await findFreePortBase();
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const command = (script: string) => [
  "--import",
  "tsx",
  join(PROJECT_DIR, "scripts", "stack", script),
  "--port-base",
  String(base),
  "--data-dir",
  dataDir,
];

test.each(["start.ts", "reset.ts"])("%s --help lists the options, and does nothing else", async (script) => {
  const args = [...command(script), "--help"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: PROJECT_DIR });
  expect(stdout).toMatch(/--port-base N .*\n.*--data-dir FOLDER/);
  expect(await readdir(dataDir)).toEqual([]);
});

test("the simulator's port is named if it is taken", async () => {
  const blocker = createServer();
  const { simulator } = portsFrom(base);
  await new Promise<void>((resolve) => blocker.listen(simulator, "127.0.0.1", resolve));
  try {
    await expect(
      promisify(execFile)(process.execPath, command("start.ts"), { cwd: PROJECT_DIR }),
    ).rejects.toThrow(`port ${simulator} (simulator)`);
  } finally {
    blocker.close();
  }
});

test("it prints all addresses, ends in order if npm is told to end, and the printed reset deletes its data", async () => {
  const options = ["--port-base", String(base), "--data-dir", dataDir];
  const child = spawn("npm", ["start", "--", ...options], { cwd: PROJECT_DIR, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  try {
    await waitFor(() => {
      if (child.exitCode !== null) throw new Error(`the stack did not start:\n${output}`);
      return /SMS Control Tower runs/.test(output);
    });
    const env = await readEnvFile(join(dataDir, "env"));
    for (const name of ["API_URL", "WORKER_DB_URL", "TWILIO_SIMULATOR_URL", "DEMO_PASSWORD"])
      expect(env[name], name).toEqual(expect.any(String));
    expect((await fetch(`${env.FUNCTIONS_URL}/settings/health`)).status).toBe(200);
    expect((await fetch(`${env.TWILIO_SIMULATOR_URL}/simulator/health`)).status).toBe(200);
    child.kill("SIGTERM");
    await waitFor(() => /stopping/.test(output));
    await waitFor(() =>
      fetch(`${env.TWILIO_SIMULATOR_URL}/simulator/health`).then(
        () => false,
        () => true,
      ),
    );
    await waitFor(() => child.exitCode !== null || child.signalCode !== null);
  } finally {
    // The whole group, in case npm ended alone.
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // Nobody is left.
    }
  }
  await access(join(dataDir, "keys.json"));
  const reset = output.match(/"(npm run reset .*)" deletes it/)?.[1] ?? "";
  await promisify(execFile)("sh", ["-c", reset], { cwd: PROJECT_DIR });
  expect(await readdir(dataDir)).toEqual([]);
});
