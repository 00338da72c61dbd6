// npm run lock: writes supabase/functions/deno.lock, the versions (with their checksums) of all that functions are deployed with.
// Needs the npm registry; run it after changing import_map.json or package-lock.json.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLocks } from "./check/compare-locks.ts";
import { findFunctions } from "./generate/find-functions.ts";
import { PROJECT_DIR, runTool } from "./tools/run-tool.ts";

const scratch = await mkdtemp(join(tmpdir(), "lock-"));
try {
  const lock = join(scratch, "deno.lock");
  const map = join(PROJECT_DIR, "supabase/functions/import_map.json");
  const entries = (await findFunctions()).map(({ entry }) => entry);
  const flags = ["--no-config", "--node-modules-dir=none", `--import-map=${map}`, `--lock=${lock}`];
  const { code, stderr } = await runTool("deno", ["cache", ...flags, ...entries]);
  if (code !== 0) throw new Error(stderr);
  await writeFile(join(PROJECT_DIR, "supabase/functions/deno.lock"), await readFile(lock));
} finally {
  await rm(scratch, { recursive: true, force: true });
}
const complaints = await checkLocks();
if (complaints.length > 0) {
  // The registry has newer versions than package-lock.json: npm decides what is tested.
  console.error(complaints.join("\n"));
  process.exitCode = 1;
}
