// Finds the Deno program that npm installed: the program itself, since its Node wrapper would hide its process id.
import { createRequire } from "node:module";

type DenoPackage = { runInstall(): string };

/** Returns the absolute path. Errors: no Deno for this system, or `npm install` has not run. */
export function locateDeno(): string {
  return (createRequire(import.meta.url)("deno/install_api.cjs") as DenoPackage).runInstall();
}
