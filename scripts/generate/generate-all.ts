// Brings every generated file up to date, or says which ones are stale.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { findOrphans, isFresh, write } from "../tools/generated-file.ts";
import { PROJECT_DIR, runTool } from "../tools/run-tool.ts";
import { databaseTypes } from "./database-types.ts";
import { doorDocument } from "./door-document.ts";
import { leadFilterModule } from "./lead-filter-module.ts";
import { quietHoursDocument } from "./quiet-hours-document.ts";
import { readApiAreas } from "./read-api-areas.ts";
import { routesDocument } from "./routes-document.ts";
import { SCHEMA_FOLDER, schemaDocuments } from "./schema/schema-documents.ts";

export interface GenerateOptions {
  /** A database with all migrations applied. */
  databaseUrl: string;
  /** Write nothing. */
  checkOnly: boolean;
}

/** @returns a line for each file that was stale (and, without `checkOnly`, has been written) */
export async function generateAll({ databaseUrl, checkOnly }: GenerateOptions): Promise<string[]> {
  const stale = await generateSeeds(checkOnly);
  const schema = await schemaDocuments(databaseUrl);
  const areas = await readApiAreas();
  const routes = [routesDocument(areas), doorDocument(areas)];
  const modules = [await databaseTypes(databaseUrl), await leadFilterModule(databaseUrl)];
  for (const file of [...modules, ...schema, await quietHoursDocument(), ...routes]) {
    if (await isFresh(file)) continue;
    stale.push(file.path);
    if (!checkOnly) await write(file);
  }
  for (const path of await findOrphans(SCHEMA_FOLDER, schema)) {
    stale.push(`${path} (its area is gone)`);
    if (!checkOnly) await rm(join(PROJECT_DIR, path));
  }
  return stale;
}

/** Seeds and tables derived from scripts/seed/data have a program of their own, which lists stale files. */
async function generateSeeds(checkOnly: boolean): Promise<string[]> {
  const args = ["scripts/seed/generate-seed.ts", ...(checkOnly ? ["--check"] : [])];
  const { code, stdout, stderr } = await runTool("tsx", args);
  const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.trim() !== "");
  if (code !== 0 && !checkOnly) throw new Error(`generate-seed.ts failed: ${lines.join("\n")}`);
  return code === 0 && checkOnly ? [] : lines;
}
