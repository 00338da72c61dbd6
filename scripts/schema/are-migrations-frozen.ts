// Whether supabase/migrations is still written from supabase/schemas. Only the project's version decides.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The first version whose databases have users' data. Earlier ones, such as 1.0.0-rc.1, have none. */
const FIRST_FROZEN = 1;

/** @param projectDir the folder that has package.json */
export async function areMigrationsFrozen(projectDir: string): Promise<boolean> {
  const { version } = JSON.parse(await readFile(join(projectDir, "package.json"), "utf8")) as {
    version?: string;
  };
  return isFrozen(version ?? "");
}

/** @throws if it is not a version, since then it is not known whether a migration may be rewritten */
export function isFrozen(version: string): boolean {
  const found = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/.exec(version);
  if (!found)
    throw new Error(
      `package.json: version is "${version}"; write it as 1.2.3. It decides whether migrations are frozen.`,
    );
  const [major, minor, patch] = [found[1], found[2], found[3]].map(Number) as [number, number, number];
  const isBeforeRelease = found[4] !== undefined && major === FIRST_FROZEN && minor === 0 && patch === 0;
  return major >= FIRST_FROZEN && !isBeforeRelease;
}
