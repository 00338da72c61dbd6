// From 1.0.0 on: migrations are frozen, the schema files change, and a database with data gets changes by a new migration.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "local-supabase";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { checkMigrations } from "../../../scripts/check/check-migrations.ts";
import { generateMigrations } from "../../../scripts/generate/migrations.ts";
import { type Comparison, compareMigrations } from "../../../scripts/schema/compare-migrations.ts";
import { draftMigration, nextVersion } from "../../../scripts/schema/draft-migration.ts";
import { explainDifferences } from "../../../scripts/schema/explain-differences.ts";
import { freezeMigrations } from "../../../scripts/schema/frozen-migrations.ts";
import { readMigrations, readSchemaFiles } from "../../../scripts/schema/read-sql-files.ts";
import { PROJECT_DIR } from "../../../scripts/tools/run-tool.ts";
import { arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

const OPT_OUTS = "supabase/schemas/compliance/tables/opt_outs.sql";
const WITHHELD = "supabase/schemas/realtime/functions/withheld_rows.sql";
const POLICY = "people read opt-outs of their organisation";

/** The parts that the draft leaves to be written by hand. */
const BY_HAND = `
alter table public.opt_outs add column note text constraint opt_outs_note_check check (length(note) <= 500);
create index opt_outs_source_idx on public.opt_outs (org_id, source);
alter policy "${POLICY}" on public.opt_outs using (org_id = (select private.org_id()) and is_active);
`;

let project: string;
let db: BareDatabase;
/** With the schema files edited, and no migration written for it. */
let before: Comparison;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "after-one-zero-"));
  for (const part of ["config.toml", "migrations", "schemas"])
    await cp(join(PROJECT_DIR, "supabase", part), join(project, "supabase", part), { recursive: true });
  await setVersion("1.0.0");
  await freezeMigrations(project);
  await edit(
    OPT_OUTS,
    "  removed_at timestamptz,\n",
    (line) => `${line}  note text constraint opt_outs_note_check check (length(note) <= 500),\n`,
  );
  await edit(
    OPT_OUTS,
    "(org_id = (select private.org_id()))",
    () => "(org_id = (select private.org_id()) and is_active)",
  );
  await edit(
    OPT_OUTS,
    "\nalter table",
    () => "create index opt_outs_source_idx on public.opt_outs (org_id, source);\n\nalter table",
  );
  await edit(WITHHELD, "interval '61 minutes'", () => "interval '62 minutes'");
  // A function that is no longer called is replaced by one that a role may execute.
  await edit(
    WITHHELD,
    /create function private\.withhold_rows\([\s\S]*/,
    () => `create function private.opt_out_note(p_id uuid)
returns text
language sql
stable
set search_path = ''
as $$ select o.note from public.opt_outs o where o.id = p_id $$;
comment on function private.opt_out_note(uuid) is 'What an operator wrote beside somebody''s opt-out.';
grant execute on function private.opt_out_note(uuid) to worker;
`,
  );
  before = await compareMigrations(project);
}, 120_000);
afterAll(async () => {
  await db?.close();
  await rm(project, { recursive: true, force: true });
});

const setVersion = (version: string) => writeFile(join(project, "package.json"), JSON.stringify({ version }));

/** @param found must occur once, or nothing would be edited */
async function edit(path: string, found: string | RegExp, change: (text: string) => string): Promise<void> {
  const text = await readFile(join(project, path), "utf8");
  expect(text.split(found)).toHaveLength(2);
  await writeFile(join(project, path), text.replace(found, change));
}

test("changes of the schema files are reported object by object, and nothing else", () => {
  expect(before.differences.map(({ change, kind, name }) => `${change}: ${kind} ${name}`).sort()).toEqual([
    `different: function private.token_lifetime()`,
    `different: policy public.opt_outs.${POLICY}`,
    `extra: function private.withhold_rows(uuid,timestamp with time zone)`,
    `missing: column public.opt_outs.note`,
    `missing: constraint public.opt_outs.opt_outs_note_check`,
    `missing: function private.opt_out_note(uuid)`,
    `missing: index public.opt_outs.opt_outs_source_idx`,
  ]);
});

test("each complaint says what differs, in which file, and what to write", async () => {
  const files = await Promise.all([readSchemaFiles(project), readMigrations(project)]);
  const told = explainDifferences(before.differences, ...files);
  const complaintOf = (name: string) => told.find((text) => text.split("\n")[0]?.includes(name));
  expect(complaintOf("token_lifetime")).toMatch(
    /withheld_rows\.sql makes what \+ says\. Write a migration[\s\S]*- .*61 minutes[\s\S]*\+ .*62 minutes/,
  );
  expect(complaintOf("opt_outs.note")).toMatch(/opt_outs\.sql makes it and no migration does[\s\S]*\+ text$/);
  expect(complaintOf("withhold_rows")).toMatch(
    /supabase\/migrations\/\d+_realtime\.sql makes it and no schema file does\. Write a migration that drops it/,
  );
  expect(complaintOf(POLICY)).toMatch(/- using: \(org_id = [^\n]*\n\s+\+ using: [^\n]*is_active/);
});

test("npm run generate leaves frozen migrations alone, and would write them before 1.0.0", async () => {
  const read = async () => (await readMigrations(project)).map(({ path, text }) => [path, text]);
  const frozen = await read();
  expect(await generateMigrations({ projectDir: project, checkOnly: false })).toEqual([]);
  expect(await read()).toEqual(frozen);
  await setVersion("0.9.0");
  const stale = await generateMigrations({ projectDir: project, checkOnly: true });
  await setVersion("1.0.0");
  expect(stale.map((line) => line.replace(/.*\d_/, ""))).toEqual(["compliance.sql", "realtime.sql"]);
});

test("a drafted migration, completed by hand, makes the same database; existing rows survive it", {
  timeout: 120_000,
}, async () => {
  const draft = draftMigration(before, await readSchemaFiles(project));
  expect(draft).toContain(
    "-- missing: column public.opt_outs.note (supabase/schemas/compliance/tables/opt_outs.sql)",
  );
  const names = await readdir(join(project, "supabase/migrations"));
  const name = `${nextVersion(names, new Date())}_opt_out_notes.sql`;
  expect(name > (names.sort().at(-1) ?? "")).toBe(true);
  await writeFile(join(project, "supabase/migrations", name), draft + BY_HAND);
  expect(await checkMigrations(project)).toEqual([]);

  db = await startBareDatabase();
  const { id } = await arrangeOrg(db);
  await db.sql`
    insert into public.opt_outs (org_id, e164, source, reason)
    select ${id}, '+1214555' || to_char(n, 'FM0000'), 'manual', 'asked by phone' from generate_series(100, 199) n`;
  const read = () =>
    db.sql`select id, e164, reason, created_at from public.opt_outs where org_id = ${id} order by e164`;
  const kept = [...(await read())];
  const [database] = await db.sql`select current_database() as name`;
  // As when hosted: the owner of the database may create in public.
  await db.sql.unsafe(`alter database ${database?.name} owner to postgres`);
  const applied = await migrate({
    projectDir: project,
    databaseUrl: `${inject("bareServer").postgresUrl}/${database?.name}`,
    scratchDir: join(project, "scratch"),
  });
  expect(applied).toEqual([name.split("_")[0]]);

  expect([...(await read())]).toEqual(kept);
  expect(kept).toHaveLength(100);
  await db.sql`update public.opt_outs set note = 'by phone' where id = ${kept[0]?.id}`;
  const [answer] = await db.sql`
    select private.token_lifetime()::text as lifetime, private.opt_out_note(${kept[0]?.id}) as note,
      to_regprocedure('private.withhold_rows(uuid, timestamptz)') as dropped,
      has_function_privilege('worker', 'private.opt_out_note(uuid)', 'execute') as granted`;
  expect(answer).toEqual({ lifetime: "01:02:00", note: "by phone", dropped: null, granted: true });
  await expect(
    db.sql`update public.opt_outs set note = repeat('x', 501) where org_id = ${id}`,
  ).rejects.toMatchObject({
    constraint_name: "opt_outs_note_check",
  });
});

test("a changed released migration is reported before anything is compared", async () => {
  const [first] = await readMigrations(project);
  const path = first?.path ?? "";
  await writeFile(join(project, path), `${first?.text}\n-- and a word more\n`);
  expect(await checkMigrations(project)).toEqual([
    `${path} is released and was changed: take the change back, and write it as a new migration.`,
  ]);
  await writeFile(join(project, path), first?.text ?? "");
});
