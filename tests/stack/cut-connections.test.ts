// A function whose connection to the database is cut goes on with another one: in Deno, where functions run.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { locateDeno } from "local-supabase";
import { expect, inject, test } from "vitest";

const stack = inject("stack");

test("none of 20 cuts under load leaves a query hanging, a client broken or the process dead", {
  timeout: 180_000,
}, async () => {
  const script = "tests/fixtures/cut-connections.ts";
  const args = ["run", "-A", script, stack.ADMIN_DB_URL, stack.FUNCTIONS_ENV.WORKER_DB_URL as string, "20"];
  const { stdout } = await promisify(execFile)(locateDeno(), args, {
    env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
  });
  const { cut, ...rest } = JSON.parse(stdout);
  expect(cut).toBeGreaterThanOrEqual(20);
  expect(rest).toEqual({ hung: 0, useless: 0 });
});
