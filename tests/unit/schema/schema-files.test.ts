// The order of supabase/schemas, and the migrations that follow from it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { composeMigrations } from "../../../scripts/schema/compose-migrations.ts";
import { listSchemaFiles } from "../../../scripts/schema/list-schema-files.ts";

let folder = "";
afterEach(() => rm(folder, { recursive: true, force: true }));

async function arrange(paths: string[], files: Record<string, string>): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), "schemas-"));
  await writeFile(join(folder, "config.toml"), `[db.migrations]\nschema_paths = ${JSON.stringify(paths)}\n`);
  await mkdir(join(folder, "schemas"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const FILES = {
  "schemas/a/types.sql": "select 'types';\n",
  "schemas/a/functions/y.sql": "select 'y';\n",
  "schemas/a/functions/x.sql": "select 'x';\n",
  "schemas/quiet-hours/cron.sql": "select 'cron';\n",
};

test("files come in the order of the list, those of a star by name, each once", async () => {
  const paths = [
    "./schemas/a/types.sql",
    "./schemas/a/*.sql",
    "./schemas/a/functions/*.sql",
    "./schemas/quiet-hours/cron.sql",
  ];
  expect(await listSchemaFiles(await arrange(paths, FILES))).toEqual([
    { area: "a", path: "schemas/a/types.sql" },
    { area: "a", path: "schemas/a/functions/x.sql" },
    { area: "a", path: "schemas/a/functions/y.sql" },
    { area: "quiet-hours", path: "schemas/quiet-hours/cron.sql" },
  ]);
});

test("a file that matches no path is reported, and so is a path without a file", async () => {
  const supabase = await arrange(["./schemas/a/*.sql", "./schemas/a/functions/*.sql"], FILES);
  await expect(listSchemaFiles(supabase)).rejects.toThrow(/leaves out schemas\/quiet-hours\/cron\.sql/);
  await rm(supabase, { recursive: true });
  const other = await arrange(["./schemas/a/none.sql"], FILES);
  await expect(listSchemaFiles(other)).rejects.toThrow(/names schemas\/a\/none\.sql/);
});

test("an area is one migration, which names the files it was written from", async () => {
  const paths = ["./schemas/a/types.sql", "./schemas/a/functions/*.sql", "./schemas/quiet-hours/cron.sql"];
  const migrations = await composeMigrations(await arrange(paths, FILES));
  expect([...migrations.keys()]).toEqual(["20261201000100_a.sql", "20261201000200_quiet_hours.sql"]);
  const text = migrations.get("20261201000100_a.sql") ?? "";
  expect(text).toMatch(/types';[\s\S]*functions\/x\.sql[\s\S]*'x';[\s\S]*'y';/);
  expect(text).not.toMatch(/cron/);
});

test("files of an area that are not together are refused", async () => {
  const paths = ["./schemas/a/types.sql", "./schemas/quiet-hours/cron.sql", "./schemas/a/functions/*.sql"];
  await expect(composeMigrations(await arrange(paths, FILES))).rejects.toThrow(
    /apart from the other files of a/,
  );
});
