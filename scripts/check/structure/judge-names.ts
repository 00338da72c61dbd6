// The names of files that every area has: routes.ts and schemas.ts, in any of its folders.
import { posix } from "node:path";
import type { Imports } from "./read-imports.ts";

/** @param route the file whose function declares route tables */
export function findMisnamed(imports: Imports, areas: string, route: string): string[] {
  const complaints: string[] = [];
  for (const [file, imported] of imports) {
    if (!file.startsWith(`${areas}/`) || file.startsWith(`${areas}/_shared/`)) continue;
    const name = posix.basename(file);
    if (imported.includes(route) && name !== "routes.ts")
      complaints.push(`${file} declares routes: call it routes.ts, in a folder of its own if need be.`);
    if (/[-.]schemas?\.ts$/.test(name))
      complaints.push(`${file} holds schemas: call it schemas.ts, in a folder of its own if need be.`);
  }
  return complaints;
}
