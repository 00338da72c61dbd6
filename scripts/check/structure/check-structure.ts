// Where files lie and what they import: no file that nothing deployed uses, no import circle, none from the folder above, and the
// names that every area has.
import { findFunctions } from "../../generate/find-functions.ts";
import { PROJECT_DIR } from "../../tools/run-tool.ts";
import { findCircles, findUnreached, findUpward } from "./judge-imports.ts";
import { findMisnamed } from "./judge-names.ts";
import { readImports } from "./read-imports.ts";

const FUNCTIONS = "supabase/functions";
const FOLDERS = [FUNCTIONS, "scripts", "tests"];
/** The platform on one machine and the simulator become packages, and are held to these rules as such. */
const NOT_YET = /^scripts\/(?:stack|twilio-simulator)\//;

/** @returns complaints, none if all is well */
export async function checkStructure(): Promise<string[]> {
  const all = await readImports(PROJECT_DIR, FOLDERS);
  const imports = new Map([...all].filter(([file]) => !NOT_YET.test(file)));
  const functions = [...imports.keys()].filter((file) => file.startsWith(`${FUNCTIONS}/`));
  const entries = (await findFunctions()).map(({ name }) => `${FUNCTIONS}/${name}/index.ts`);
  return [
    ...findUnreached(imports, entries, functions),
    ...findCircles(imports),
    ...findUpward(imports),
    ...findMisnamed(imports, FUNCTIONS, `${FUNCTIONS}/_shared/http/route.ts`),
  ];
}
