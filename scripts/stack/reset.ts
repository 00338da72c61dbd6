// `npm run reset`: deletes a stack's data; the next start makes a new database, new keys and the seeds.
import { access } from "node:fs/promises";
import { relative } from "node:path";
import { readArguments, removeData } from "local-supabase";
import { PROJECT_DIR } from "./start-stack.ts";

try {
  const { dataDir } = readArguments(process.argv.slice(2), PROJECT_DIR);
  const exists = await access(dataDir).then(
    () => true,
    () => false,
  );
  if (exists) await removeData(dataDir);
  console.log(`${relative(process.cwd(), dataDir) || "."} is empty. "npm start" begins anew.`);
} catch (error) {
  console.error(`\n${(error as Error).message}\n`);
  process.exit(1);
}
