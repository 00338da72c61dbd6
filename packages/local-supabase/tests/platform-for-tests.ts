// Starts one platform with the fixture project for a test run, and removes it at the end (vitest globalSetup).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type { SupabaseEnv } from "../src/env-file.ts";
import { findFreePortBase } from "../src/ports.ts";
import { removeData } from "../src/remove-data.ts";
import { startSupabase } from "../src/start-supabase.ts";
import { copyProject } from "./copy-project.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The platform of this run; in test files: `inject("platform")`. */
    platform: SupabaseEnv & {
      /** The superuser's database URL: for arranging and judging, never as the code under test. */
      ADMIN_DB_URL: string;
    };
  }
}

export const ROBOT_PASSWORD = "it's the robot's";
export const VAULT_SECRET = { name: "greeting", value: "hello" };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "local-supabase-test-"));
  const projectDir = await copyProject();
  const removeFolders = async () => {
    await removeData(dataDir);
    for (const folder of [dataDir, projectDir]) await rm(folder, { recursive: true, force: true });
  };
  try {
    const platform = await startSupabase({
      projectDir,
      dataDir,
      portBase: await findFreePortBase(),
      durable: false,
      watch: false,
      functionsEnv: { OWN_VARIABLE: "of the project" },
      rolePasswords: { robot: ROBOT_PASSWORD, nobody_has_this_name: "x" },
      vaultSecrets: { [VAULT_SECRET.name]: VAULT_SECRET.value },
      log: (source, line) => process.env.STACK_LOG && console.log(`${source}: ${line}`),
    });
    project.provide("platform", { ...platform.env, ADMIN_DB_URL: platform.adminUrl });
    return async () => {
      await platform.stop();
      await removeFolders();
    };
  } catch (error) {
    await removeFolders();
    throw error;
  }
}
