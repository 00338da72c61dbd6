// The pages of the schema show every change of the database in the lines about it, and nowhere else.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { schemaDocuments } from "../../../scripts/generate/schema/schema-documents.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

/** Lines with the page they are on, blank ones left out. */
async function readLines(): Promise<string[]> {
  const pages = await schemaDocuments(url);
  return pages.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => `${path.replace(/^docs\/(schema\/)?|\.md$/g, "")}: ${line}`),
  );
}

function without(lines: string[], others: string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

const CASES: [what: string, change: string, removed: string[], added: string[]][] = [
  [
    "a column's default",
    "alter table public.templates alter column is_active set default false",
    ["templates: - `is_active boolean not null default true`"],
    ["templates: - `is_active boolean not null default false`"],
  ],
  [
    "whether a column may be null",
    "alter table private.holidays alter column name drop not null",
    ["quiet-hours: - `name text not null`"],
    ["quiet-hours: - `name text`"],
  ],
  [
    "a column's comment",
    "comment on column public.templates.category is 'What it is for.'",
    ["templates: - `category text not null`"],
    ["templates: - `category text not null` What it is for."],
  ],
  [
    "a generated column",
    'alter table public.templates add column shout text collate "C" generated always as (upper(name)) stored',
    [],
    ['templates: - `shout text collate "C" generated always as (upper(name)) stored`'],
  ],
  [
    "a constraint",
    "alter table public.templates add constraint templates_odd check (version <> 13) not valid",
    [],
    ["templates: - `templates_odd CHECK ((version <> 13)) NOT VALID`"],
  ],
  [
    "a foreign key, in the picture too",
    "alter table private.holidays add column template_id uuid references public.templates (id)",
    ["quiet-hours:   holidays"],
    [
      'quiet-hours:   templates |o--o{ holidays : "template_id"',
      "quiet-hours: - `template_id uuid`",
      "quiet-hours: - `holidays_template_id_fkey FOREIGN KEY (template_id) REFERENCES public.templates(id)`",
    ],
  ],
  [
    "an index",
    "create index templates_odd_idx on public.templates (version) where is_active",
    [],
    [
      "templates: - `CREATE INDEX templates_odd_idx ON public.templates USING btree (version) WHERE is_active`",
    ],
  ],
  [
    "whom a policy is for",
    'alter policy "people read template versions of their organisation" on public.template_versions to service_role',
    [
      'templates: - `"people read template versions of their organisation" for select to authenticated using ((org_id = ( SELECT private.org_id() AS org_id)))`',
    ],
    [
      'templates: - `"people read template versions of their organisation" for select to service_role using ((org_id = ( SELECT private.org_id() AS org_id)))`',
    ],
  ],
  [
    "a grant of one column",
    "grant update (name) on public.templates to authenticated",
    [],
    ["templates: - `update (name) to authenticated`"],
  ],
  [
    "a grant to everybody",
    "grant truncate on private.holidays to public",
    [],
    ["quiet-hours: **Grants**", "quiet-hours: - `truncate to public`"],
  ],
  [
    "a trigger that is switched off",
    "alter table public.templates disable trigger templates_updated_at",
    [
      "templates: - `TRIGGER templates_updated_at BEFORE UPDATE ON public.templates FOR EACH ROW EXECUTE FUNCTION private.set_updated_at()`",
    ],
    [
      "templates: - `TRIGGER templates_updated_at BEFORE UPDATE ON public.templates FOR EACH ROW EXECUTE FUNCTION private.set_updated_at() (disabled)`",
    ],
  ],
  [
    "row level security that is switched off",
    "alter table private.withheld_rows disable row level security",
    ["realtime: - `row level security`"],
    ["realtime: - `NO row level security`"],
  ],
  [
    "how full a table's pages are",
    "alter table public.templates set (fillfactor = 42)",
    [],
    ["templates: - `fillfactor=42`"],
  ],
  [
    "statistics",
    "alter statistics public.leads_city_stats set statistics 500",
    ["leads: - `public.leads_city_stats ON lower(city) FROM public.leads`"],
    ["leads: - `public.leads_city_stats ON lower(city) FROM public.leads target 500`"],
  ],
  [
    "a value of an enumeration",
    "alter type public.user_role add value 'auditor'",
    [],
    ["identity: - `auditor`"],
  ],
  [
    "with whose rights a view reads",
    "alter view private.lead_values reset (security_invoker)",
    ["leads: **Settings**", "leads: - `security_invoker=true`"],
    [],
  ],
  [
    "a function's rights, volatility and settings",
    "alter function private.null_or(jsonb) volatile security definer set jit = off",
    ["foundation:   - sql, immutable, for its owner alone"],
    ["foundation:   - sql, volatile, security definer, jit=off, for its owner alone"],
  ],
  [
    "who may execute a function",
    "grant execute on function private.token_lifetime() to worker",
    ["realtime:   - sql, immutable, for its owner alone"],
    ["realtime:   - sql, immutable, for worker"],
  ],
  [
    "a default of an argument",
    `do $$ begin execute replace(pg_get_functiondef('private.json_kind(jsonb)'::regprocedure),
      '(p_value jsonb)', '(p_value jsonb default ''{}'')'); end $$`,
    ["foundation: - `private.json_kind(p_value jsonb) returns text`"],
    ["foundation: - `private.json_kind(p_value jsonb DEFAULT '{}'::jsonb) returns text`"],
  ],
  [
    "a function's comment",
    "comment on function private.uuid_v7() is 'A uuid.'",
    [
      "foundation:   - A time-ordered UUID, version 7 (RFC 9562, sections 5.7 and 6.2), with the time in microseconds.",
    ],
    ["foundation:   - A uuid."],
  ],
  [
    "a job's schedule",
    "update cron.job set schedule = '8 * * * *' where jobname = 'prune'",
    ["sending: Runs at `7 * * * *` as postgres."],
    ["sending: Runs at `8 * * * *` as postgres."],
  ],
  [
    "when a task is due",
    "update private.tasks set due = 'select false' where name = 'fold'",
    ["campaigns: select exists (select from private.campaign_deltas)"],
    ["campaigns: select false"],
  ],
  [
    "what a part of a task does",
    "update private.task_parts set call = 'select private.rescue_sends()' where task = 'rescue'",
    ["sending: - rescue: `select private.rescue_sends(p_org_id => $1)`"],
    ["sending: - rescue: `select private.rescue_sends()`"],
  ],
  [
    "a queue's table",
    "alter table pgmq.q_builds set (fillfactor = 60)",
    ["campaigns: - `builds`"],
    ["campaigns: - `builds, fillfactor=60`"],
  ],
  [
    "a policy on a platform's table",
    'create policy "anybody" on realtime.messages for insert to anon with check (true)',
    [],
    ["schema: - `realtime.messages: anybody for insert to anon with check (true)`"],
  ],
  [
    "rights on what is made later",
    "alter default privileges for role postgres in schema public grant select on tables to anon",
    [],
    ["schema: - `new tables in public of postgres: select to anon`"],
  ],
  [
    "a bucket",
    "update storage.buckets set public = true where id = 'exports'",
    ["schema: - `exports, private, files of 4294967296 bytes at most`"],
    ["schema: - `exports, public, files of 4294967296 bytes at most`"],
  ],
];

let db: BareDatabase;
let url: string;
let before: string[];
let after: string[];
beforeAll(async () => {
  db = await startBareDatabase();
  const [row] = await db.sql`select current_database() as name`;
  url = `${inject("bareServer").adminUrl}/${row?.name}`;
  before = await readLines();
  for (const [, change] of CASES) await db.sql.unsafe(change);
  after = await readLines();
});
afterAll(() => db?.close());

test.each(CASES)("%s changes the lines about it", (_what, _change, removed, added) => {
  expect(without(before, after)).toEqual(expect.arrayContaining(removed));
  expect(without(after, before)).toEqual(expect.arrayContaining(added));
});

test("nothing else changed", () => {
  expect(without(before, after).sort()).toEqual(CASES.flatMap(([, , removed]) => removed).sort());
  expect(without(after, before).sort()).toEqual(CASES.flatMap(([, , , added]) => added).sort());
});

test("the pages are the same whatever the database's own settings", async () => {
  for (const setting of ["timezone = 'Asia/Tokyo'", "datestyle = 'German'", "search_path = public, private"])
    await db.sql.unsafe(`alter database ${new URL(url).pathname.slice(1)} set ${setting}`);
  expect(await readLines()).toEqual(after);
});

test("an object that no SQL file creates is reported", async () => {
  await db.sql`create table public.strays (id uuid)`;
  await expect(readLines()).rejects.toThrow("creates the relation public.strays");
});
