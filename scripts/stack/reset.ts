// `npm run reset`: deletes a stack's data; the next start makes a new database, new keys and the seeds.
import { ARGUMENTS_HELP, readArguments, removeData, shownFolder } from "local-supabase";
import { STACK_PORTS } from "./ports.ts";
import { PROJECT_DIR } from "./project-dir.ts";

if (process.argv.includes("--help")) {
  console.log(`\nnpm run reset ${ARGUMENTS_HELP}\n`);
  process.exit(0);
}
try {
  const { dataDir } = readArguments(process.argv.slice(2), {
    projectDir: PROJECT_DIR,
    offsets: STACK_PORTS,
  });
  await removeData(dataDir);
  console.log(`${shownFolder(dataDir)} is empty. "npm start" begins anew.`);
} catch (error) {
  console.error(`\n${(error as Error).message}\n`);
  process.exit(1);
}
