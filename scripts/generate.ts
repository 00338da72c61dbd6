// npm run generate: writes every generated file. `--check` writes nothing and fails if one is stale. `--db-url URL` uses
// a database that runs already (all migrations applied) in place of one started for this.
import { parseArgs } from "node:util";
import { generateAll } from "./generate/generate-all.ts";
import { useDatabase } from "./generate/use-database.ts";

const { values } = parseArgs({ options: { check: { type: "boolean" }, "db-url": { type: "string" } } });
const checkOnly = values.check === true;
const stale = await useDatabase(values["db-url"], (databaseUrl) => generateAll({ databaseUrl, checkOnly }));
for (const line of stale) console.log(`${checkOnly ? "stale" : "wrote"}: ${line}`);
if (stale.length === 0) console.log("Every generated file is up to date.");
else if (checkOnly) {
  console.error("Run npm run generate and commit what it writes.");
  process.exitCode = 1;
}
