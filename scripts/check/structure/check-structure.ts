// Checks where files are and what they import: no file that nothing deployed uses, no import cycle, no import from a folder
// above, and the file names that every area has.
import { findFunctions } from "../../generate/find-functions.ts";
import { PROJECT_DIR } from "../../tools/run-tool.ts";
import { findCircles, findUnreached, findUpward } from "./judge-imports.ts";
import { findMisnamed } from "./judge-names.ts";
import { readImports } from "./read-imports.ts";

const FUNCTIONS = "supabase/functions";
// packages/ may have cycles and imports from above; it has its own rule, in packages-apart.ts.
const FOLDERS = [FUNCTIONS, "scripts", "tests"];

/** @returns complaints, none if all is well */
export async function checkStructure(): Promise<string[]> {
  const imports = await readImports(PROJECT_DIR, FOLDERS);
  const functions = [...imports.keys()].filter((file) => file.startsWith(`${FUNCTIONS}/`));
  const entries = (await findFunctions()).map(({ name }) => `${FUNCTIONS}/${name}/index.ts`);
  return [
    ...findUnreached(imports, entries, functions),
    ...findCircles(imports),
    ...findUpward(imports),
    ...findMisnamed(imports, FUNCTIONS, `${FUNCTIONS}/_shared/http/route.ts`),
  ];
}
