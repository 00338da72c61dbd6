// npm run check: formatting, lint, types, patterns, generated files and the database advisors. Stops at the first step that fails.
import { judgeAdvice, readAcceptances, readAdvice } from "./check/accepted-advice.ts";
import { checkMigrations } from "./check/check-migrations.ts";
import { checkLocks } from "./check/compare-locks.ts";
import { checkPackages } from "./check/packages-apart.ts";
import { checkPatterns } from "./check/patterns/check-patterns.ts";
import { checkSqlFiles } from "./check/sql-files.ts";
import { checkStructure } from "./check/structure/check-structure.ts";
import { findFunctions } from "./generate/find-functions.ts";
import { generateAll } from "./generate/generate-all.ts";
import { useDatabase } from "./generate/use-database.ts";
import { PROJECT_DIR, runTool, type Tool } from "./tools/run-tool.ts";

class CheckFailed extends Error {}

/** Runs one step with a line before and after it. @param step returns complaints, none if all is well */
async function check(name: string, step: () => Promise<string[]>): Promise<void> {
  const started = performance.now();
  process.stdout.write(`${name} ... `);
  const complaints = await step();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${complaints.length === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  if (complaints.length === 0) return;
  throw new CheckFailed(`${complaints.join("\n")}\n\nnpm run check stopped at: ${name}`);
}

async function complaintsOf(tool: Tool, args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runTool(tool, args);
  return code === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

async function checkAll(): Promise<void> {
  await check("format and lint (biome)", () => complaintsOf("biome", ["check", "."]));
  await check("imports and places of files", checkStructure);
  await check("types of scripts and tests (tsc)", () => complaintsOf("tsc", ["--noEmit"]));
  await check("packages know nothing of the project", checkPackages);
  await check("locked versions of functions", checkLocks);
  await check("types of functions (deno check)", async () => {
    const entries = (await findFunctions()).map(({ entry }) => entry);
    // Each function's own deno.json is for the bundler of a deployment.
    return complaintsOf("deno", ["check", "--config", "deno.json", ...entries]);
  });
  await check("patterns are linear (recheck)", checkPatterns);
  await check("migrations make what schemas make", () => checkMigrations(PROJECT_DIR));
  await check("form of SQL files", checkSqlFiles);
  await useDatabase(undefined, async (databaseUrl) => {
    await check("generated files are fresh", async () => {
      const stale = await generateAll({ databaseUrl, checkOnly: true });
      return stale.length === 0 ? [] : [...stale, "Run npm run generate and commit what it writes."];
    });
    await check("database advisors", async () =>
      judgeAdvice(await readAdvice(databaseUrl), await readAcceptances()),
    );
  });
  console.log("All checks passed.");
}

try {
  await checkAll();
} catch (error) {
  console.error(error instanceof CheckFailed ? error.message : error);
  process.exitCode = 1;
}
