// Brings a database up to date with supabase/migrations and supabase/seed, with the Supabase CLI itself.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { runProgram } from "./database/run-program.ts";

export type MigrateOptions = {
  /** Folder that contains `supabase/`. */
  projectDir: string;
  /** URL of the role `postgres`, which also runs migrations when hosted. */
  databaseUrl: string;
  /** Folder for the CLI's own files; also its home, so that it writes nothing into the user's home. */
  scratchDir: string;
  log?: (line: string) => void;
  /** The command that deletes the database, for the error that asks for it. Default `local-supabase reset`. */
  resetCommand?: string;
};

/**
 * Applies what is pending; starts no CLI (1-2 s) when nothing is. Returns the versions that were pending. Throws with
 * the file, the statement and the server's message when a migration or a seed fails; that file then changed nothing.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const {
    projectDir,
    databaseUrl,
    scratchDir,
    resetCommand = "local-supabase reset",
    log = () => {},
  } = options;
  const pending = await findPending(join(projectDir, "supabase"), databaseUrl);
  if (pending.length === 0) return [];

  // A copy: the CLI writes into its working folder, and two stacks may start at once.
  const work = join(scratchDir, "project");
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, "supabase"), { recursive: true });
  for (const part of ["config.toml", "migrations", "seed", "functions/import_map.json"]) {
    const from = join(projectDir, "supabase", part);
    if (await stat(from).catch(() => undefined))
      await cp(from, join(work, "supabase", part), { recursive: true });
  }
  const home = join(scratchDir, "home");
  await mkdir(home, { recursive: true });
  const cli = createRequire(import.meta.url).resolve("supabase/package.json");
  try {
    const output = await runProgram(
      process.execPath,
      [
        join(dirname(cli), "dist", "supabase.js"),
        "db",
        "push",
        `--remote=${databaseUrl}`,
        "--yes",
        "--include-seed",
        "--workdir",
        work,
      ],
      { cwd: work, env: quietEnvironment(home) },
    );
    for (const line of output.split("\n")) if (/^(Applying|Seeding|Updating)/.test(line)) log(line);
  } catch (error) {
    throw new Error(explain((error as Error).message, resetCommand));
  }
  return pending;
}

/** The CLI's environment: no telemetry, no update check, no key ring, nothing of the user's own settings. */
export function quietEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, NODE_OPTIONS } = process.env;
  return {
    PATH,
    TMPDIR,
    NODE_OPTIONS,
    HOME: home,
    SUPABASE_HOME: join(home, ".supabase"),
    XDG_CONFIG_HOME: home,
    DO_NOT_TRACK: "1",
    SUPABASE_TELEMETRY_DISABLED: "1",
    SUPABASE_NO_UPDATE_NOTIFIER: "1",
    SUPABASE_NO_KEYRING: "1",
    NO_COLOR: "1",
  };
}

async function findPending(supabaseDir: string, databaseUrl: string): Promise<string[]> {
  const applied = new Set<string>();
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [history] = await sql`
      select to_regclass('supabase_migrations.schema_migrations') is not null as migrations,
        to_regclass('supabase_migrations.seed_files') is not null as seeds`;
    if (history?.migrations) {
      for (const row of await sql`select version from supabase_migrations.schema_migrations`)
        applied.add(row.version);
    }
    if (history?.seeds) {
      for (const row of await sql`select path, hash from supabase_migrations.seed_files`)
        applied.add(`${row.path} ${row.hash}`);
    }
  } finally {
    await sql.end({ timeout: 5 });
  }

  const wanted: string[] = [];
  for (const name of await sqlFiles(join(supabaseDir, "migrations"))) wanted.push(name.split("_")[0] ?? name);
  for (const name of await sqlFiles(join(supabaseDir, "seed"))) {
    const hash = createHash("sha256")
      .update(await readFile(join(supabaseDir, "seed", name)))
      .digest("hex");
    wanted.push(`supabase/seed/${name} ${hash}`);
  }
  return wanted.filter((entry) => !applied.has(entry));
}

async function sqlFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => name.endsWith(".sql")).sort();
}

/** Lines that say nothing about a failure. */
const NOISE = /^(│|▲|WARN:|Target:|Confirmed by|Try rerunning|Rerun the command)|ended with \d+: Target:/;

/** One message from the CLI's output: the file, what the server said, and what to do if that is known. */
function explain(output: string, resetCommand: string): string {
  const lines = output.split("\n").map((line) => line.trimEnd());
  const isStep = (line: string) => /^(Applying migration|Seeding data from) /.test(line);
  const file = lines.findLast(isStep);
  const start = lines.findIndex((line) => /^(ERROR:|failed|Error)/i.test(line));
  const rest = start < 0 ? lines : lines.slice(start);
  const reason = rest.filter((line) => line && !NOISE.test(line) && !isStep(line)).join("\n");
  const differs = /not found in local migrations|inserted before the last migration/i.test(output);
  const hint = differs
    ? `\nThe database was made by another state of this checkout. "${resetCommand}" starts over with an empty one.`
    : "";
  return `${file ? `${file} failed:` : "supabase db push failed:"}\n${reason}${hint}`;
}
