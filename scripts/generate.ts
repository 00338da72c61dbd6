// npm run generate: writes every generated file, migrations first (until 1.0.0). `--check` writes nothing and fails if a file is
// stale. `--db-url URL` uses a database that runs already (all migrations applied) instead of starting one.
import { parseArgs } from "node:util";
import { generateAll } from "./generate/generate-all.ts";
import { generateMigrations } from "./generate/migrations.ts";
import { useDatabase } from "./generate/use-database.ts";
import { PROJECT_DIR } from "./tools/run-tool.ts";

const { values } = parseArgs({ options: { check: { type: "boolean" }, "db-url": { type: "string" } } });
const checkOnly = values.check === true;
const stale = await generateMigrations({ projectDir: PROJECT_DIR, checkOnly });
if (!checkOnly || stale.length === 0)
  stale.push(
    ...(await useDatabase(values["db-url"], (databaseUrl) => generateAll({ databaseUrl, checkOnly }))),
  );
for (const line of stale) console.log(`${checkOnly ? "stale" : "wrote"}: ${line}`);
if (stale.length === 0) console.log("Every generated file is up to date.");
else if (checkOnly) {
  console.error("Run npm run generate and commit what it writes.");
  process.exitCode = 1;
}
