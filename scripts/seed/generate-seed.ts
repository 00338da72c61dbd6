// Writes everything that is derived from scripts/seed/data; with --check it writes nothing and fails when a file is stale.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readAreaCodes } from "./read-area-codes.ts";
import { readCounties } from "./read-counties.ts";
import { writeAreaCodeModule } from "./write-area-code-module.ts";
import { writeCountySql } from "./write-county-sql.ts";
import { writeGraphemeModule } from "./write-grapheme-module.ts";
import { writeSeedSql } from "./write-seed-sql.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const sms = join(root, "supabase/functions/_shared/sms");

const areaCodes = readAreaCodes(join(here, "data/area-codes.csv"));
const counties = readCounties(join(here, "data/us-counties.csv"));

const outputs: [path: string, text: string][] = [
  [join(sms, "nanp-area-codes.generated.ts"), writeAreaCodeModule(areaCodes)],
  [join(sms, "grapheme-break.generated.ts"), writeGraphemeModule()],
  [join(root, "supabase/seed/us-counties.sql"), writeCountySql(counties)],
  ...Object.entries(writeSeedSql(areaCodes)).map(([name, text]): [string, string] => [
    join(root, "supabase/seed", name),
    text,
  ]),
];

const checkOnly = process.argv.includes("--check");
const stale = outputs.filter(([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text);
for (const [path, text] of stale) {
  if (checkOnly) console.error(`stale: ${relative(root, path)} (run npx tsx scripts/seed/generate-seed.ts)`);
  else {
    writeFileSync(path, text);
    console.log(`wrote ${relative(root, path)}`);
  }
}
if (checkOnly && stale.length > 0) process.exit(1);
