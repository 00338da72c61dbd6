// supabase/migrations-frozen.json: the migrations of releases, each with its hash. A database never applies a migration again, so
// a change of one would reach new databases only.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readMigrations, type SqlFile } from "./read-sql-files.ts";

export const FROZEN_PATH = "supabase/migrations-frozen.json";

/** The SHA-256 of each migration, by its name. */
export type FrozenMigrations = Record<string, string>;

const hashOf = ({ text }: SqlFile) => createHash("sha256").update(text).digest("hex");

/** @returns what is wrong with the frozen migrations of a project, none if all is well */
export async function checkFrozen(projectDir: string): Promise<string[]> {
  const frozen = await readFrozen(projectDir);
  if (!frozen)
    return [
      `${FROZEN_PATH} is not there. From 1.0.0 on it says which migrations are released: npm run migrations -- freeze`,
    ];
  return judgeFrozen(frozen, await readMigrations(projectDir));
}

export function judgeFrozen(frozen: FrozenMigrations, migrations: readonly SqlFile[]): string[] {
  const present = new Map(migrations.map((file) => [basename(file.path), file]));
  const names = Object.keys(frozen).sort();
  const last = names.at(-1) ?? "";
  const broken = names.flatMap((name) => {
    const file = present.get(name);
    if (!file) return [`supabase/migrations/${name} is released and gone: bring it back.`];
    if (hashOf(file) === frozen[name]) return [];
    return [
      `${file.path} is released and was changed: take the change back, and write it as a new migration.`,
    ];
  });
  const early = migrations.filter(({ path }) => !(basename(path) in frozen) && basename(path) < last);
  return [
    ...broken,
    ...early.map(
      ({ path }) =>
        `${path} comes before ${last}, which databases have applied: give it a later time in its name.`,
    ),
  ];
}

/** Adds every migration that is not released yet. @returns the names that were added; @throws if a released one was changed */
export async function freezeMigrations(projectDir: string): Promise<string[]> {
  const frozen = (await readFrozen(projectDir)) ?? {};
  const migrations = await readMigrations(projectDir);
  const broken = judgeFrozen(frozen, migrations);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  const added = migrations.filter(({ path }) => !(basename(path) in frozen));
  for (const file of added) frozen[basename(file.path)] = hashOf(file);
  await writeFile(join(projectDir, FROZEN_PATH), `${JSON.stringify(frozen, null, 2)}\n`);
  return added.map(({ path }) => basename(path));
}

async function readFrozen(projectDir: string): Promise<FrozenMigrations | undefined> {
  const text = await readFile(join(projectDir, FROZEN_PATH), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as FrozenMigrations);
}
