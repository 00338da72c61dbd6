// The files of supabase/schemas in the order in which they are applied: db.migrations.schema_paths of supabase/config.toml.
import { readdir, readFile } from "node:fs/promises";
import { parse } from "smol-toml";

export interface SchemaFile {
  /** Folder below schemas/: the area that the file belongs to. */
  area: string;
  /** As written in config.toml, relative to supabase/: schemas/leads/tables/leads.sql. */
  path: string;
}

/**
 * @param supabaseDir the folder that has config.toml and schemas/
 * @throws if a file matches no path, or a path matches no file: either would be left out silently
 */
export async function listSchemaFiles(supabaseDir: string): Promise<SchemaFile[]> {
  const config = parse(await readFile(`${supabaseDir}/config.toml`, "utf8")) as {
    db?: { migrations?: { schema_paths?: string[] } };
  };
  const paths = config.db?.migrations?.schema_paths ?? [];
  const present = (await readdir(`${supabaseDir}/schemas`, { recursive: true }))
    .filter((name) => name.endsWith(".sql"))
    .map((name) => `schemas/${name.replaceAll("\\", "/")}`)
    .sort();
  const listed = new Set<string>();
  for (const path of paths.map((entry) => entry.replace(/^\.\//, ""))) {
    const found = present.filter((file) => matches(path, file));
    if (found.length === 0)
      throw new Error(`config.toml: db.migrations.schema_paths names ${path}, and there is no such file.`);
    for (const file of found) listed.add(file);
  }
  const forgotten = present.filter((file) => !listed.has(file));
  if (forgotten.length > 0)
    throw new Error(
      `config.toml: db.migrations.schema_paths leaves out ${forgotten.join(", ")}. Add them at their place in the order.`,
    );
  return [...listed].map((path) => ({ path, area: path.split("/")[1] ?? "" }));
}

/** A path of the list as the CLI reads it: `*` stands for any name within a folder. */
function matches(path: string, file: string): boolean {
  const [folder, name] = splitPath(path);
  const [fileFolder, fileName] = splitPath(file);
  return folder === fileFolder && (name === "*.sql" || name === fileName);
}

function splitPath(path: string): [string, string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
}
