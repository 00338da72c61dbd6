// docs/schema.md: the tables by area with a diagram, and the functions users may call, as a migrated database describes itself.
import postgres from "postgres";
import { findDefinitions } from "./find-definitions.ts";
import { format, type GeneratedFile } from "./generated-file.ts";

const PATH = "docs/schema.md";

/** Tables that belong together; one that is in no area fails the generator, so that none is left out. */
const AREAS: Record<string, string[]> = {
  Identity: [
    "public.orgs",
    "public.sending_limits",
    "public.users",
    "public.invitations",
    "private.withheld_rows",
    "private.storage_quotas",
  ],
  Leads: [
    "public.leads",
    "public.lead_phones",
    "public.lead_properties",
    "public.segments",
    "public.segment_leads",
    "private.lead_counts",
    "private.lead_count_deltas",
    "private.lead_activity",
    "private.sent_leads",
    "public.lead_events",
    "private.lead_marks",
    "private.lead_counts",
    "private.lead_count_deltas",
    "private.lead_match_keys",
    "private.match_words",
    "private.lead_changes",
    "private.duplicate_leads",
    "private.dismissed_duplicates",
    "public.imports",
    "public.import_uploads",
    "public.import_mappings",
    "public.import_rejections",
    "private.import_changes",
    "private.us_counties",
    "public.enrichment_services",
    "public.enrichment_answers",
    "private.call_lanes",
    "private.outside_calls",
  ],
  Jobs: [
    "public.jobs",
    "private.job_states",
    "private.job_leads",
    "private.export_parts",
    "private.bulk_changes",
  ],
  "Numbers and texts": [
    "public.twilio_accounts",
    "public.phone_numbers",
    "public.templates",
    "public.template_versions",
    "private.template_usage",
    "private.default_templates",
    "private.number_pace",
    "private.number_outcomes",
    "private.number_outcome_changes",
    "private.org_pace",
    "private.daily_usage",
    "public.carrier_caps",
    "public.a2p_registrations",
    "private.account_checks",
    "public.daily_spending",
    "private.accepted_deltas",
    "private.number_traffic",
  ],
  Campaigns: [
    "public.campaigns",
    "public.campaign_templates",
    "public.campaign_variants",
    "public.campaign_phone_numbers",
    "public.campaign_targets",
    "public.campaign_stats",
    "private.campaign_pace",
    "private.campaign_deltas",
    "private.campaign_marks",
    "private.unclear_sends",
    "private.figure_checks",
  ],
  Messages: [
    "public.conversations",
    "public.messages",
    "public.send_attempts",
    "public.message_status_events",
    "public.webhook_logs",
    "private.webhook_log_hours",
    "private.error_classes",
  ],
  Compliance: [
    "private.contacts",
    "public.opt_outs",
    "public.phone_scrubs",
    "public.consent_records",
    "public.consent_rules",
    "public.quiet_hour_rules",
    "private.holidays",
    "private.area_codes",
    "private.windows",
    "private.rule_versions",
    "public.audit_events",
    "public.alerts",
  ],
  "Shared work": ["private.work_kinds", "private.work_failures", "private.work_turns"],
};

interface Table {
  name: string;
  comment: string;
  columns: { name: string; type: string; nullable: boolean; comment: string | null }[];
}
interface ForeignKey {
  from: string;
  to: string;
}
interface Callable {
  signature: string;
  comment: string;
}
interface Definition {
  name: string;
  file: string;
}

/** @param databaseUrl a database with all migrations applied */
export async function schemaDocument(databaseUrl: string): Promise<GeneratedFile> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [tables, keys, callables, definitions] = await Promise.all([
      readTables(sql),
      readForeignKeys(sql),
      readCallables(sql),
      readDefinitions(sql),
    ]);
    return { path: PATH, text: await format(PATH, write(tables, keys, callables, definitions)) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function readTables(sql: postgres.Sql): Promise<Map<string, Table>> {
  const rows = await sql<Table[]>`
    select n.nspname || '.' || c.relname as name, obj_description(c.oid, 'pg_class') as comment,
      (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'nullable', not a.attnotnull, 'comment', col_description(c.oid, a.attnum)) order by a.attnum)
       from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
    order by 1`;
  const known = new Set(Object.values(AREAS).flat());
  const stray = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (stray.length > 0)
    throw new Error(`docs/schema.md: put ${stray.join(", ")} into an area of schema-document.ts`);
  return new Map(rows.map((row) => [row.name, row]));
}

async function readForeignKeys(sql: postgres.Sql): Promise<ForeignKey[]> {
  return await sql<ForeignKey[]>`
    select distinct f.relname as "from", t.relname as "to"
    from pg_constraint k
    join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    join pg_namespace fn on fn.oid = f.relnamespace join pg_namespace tn on tn.oid = t.relnamespace
    where k.contype = 'f' and fn.nspname in ('public', 'private') and tn.nspname in ('public', 'private')
    order by 1, 2`;
}

async function readCallables(sql: postgres.Sql): Promise<Callable[]> {
  return await sql<Callable[]>`
    select p.proname || '(' || pg_get_function_arguments(p.oid) || ') → ' || pg_get_function_result(p.oid) as signature,
      coalesce(nullif(obj_description(inner_p.oid, 'pg_proc'), ''), obj_description(p.oid, 'pg_proc')) as comment
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public'
    left join lateral (
      select i.oid from pg_proc i join pg_namespace s on s.oid = i.pronamespace and s.nspname = 'private'
      where i.proname = p.proname limit 1
    ) inner_p on true
    where p.prokind = 'f' and has_function_privilege('authenticated', p.oid, 'execute')
    order by 1`;
}

async function readDefinitions(sql: postgres.Sql): Promise<Definition[]> {
  const files = await findDefinitions();
  const rows = await sql<{ name: string }[]>`
    select distinct n.nspname || '.' || p.proname as name
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') order by 1`;
  return rows.map(({ name }) => {
    const file = files.get(name);
    if (!file) throw new Error(`docs/schema.md: no migration creates the function ${name}`);
    return { name, file };
  });
}

function write(
  tables: Map<string, Table>,
  keys: ForeignKey[],
  callables: Callable[],
  definitions: Definition[],
): string {
  const parts = [
    "<!-- Generated from the migrations by `npm run generate`: do not edit. -->",
    "# Schema",
    "Tables of `public` are behind row level security and can be read over REST by members of the organisation. " +
      "Tables of `private` are the machinery and can't be reached over REST at all. Every table carries `org_id` or " +
      "belongs to the platform. How they work together is in [architecture.md](architecture.md).",
  ];
  for (const [area, names] of Object.entries(AREAS)) {
    const short = names.map((name) => name.split(".")[1]);
    const inside = keys.filter(({ from, to }) => from !== to && short.includes(from) && short.includes(to));
    parts.push(`## ${area}`);
    if (inside.length > 0) {
      const lines = inside.map(({ from, to }) => `  ${to} ||--o{ ${from} : has`);
      parts.push(["```mermaid", "erDiagram", ...lines, "```"].join("\n"));
    }
    for (const name of names) {
      const table = tables.get(name);
      if (!table) throw new Error(`docs/schema.md: ${name} is in schema-document.ts but not in the database`);
      parts.push(`### ${name}`, table.comment, columnTable(table));
    }
  }
  parts.push(
    "## Functions that users may call",
    "Over REST as `rpc`. Each checks role and organisation itself.",
    callables.map(({ signature, comment }) => `- \`${signature}\`  \n  ${comment}`).join("\n"),
    "## Where each function is defined",
    "Migrations are never edited, so the text of a function that was changed stands in several: the one named here is in force.",
    [
      "| function | migration |",
      "|---|---|",
      ...definitions.map(({ name, file }) => `| ${name} | ${file} |`),
    ].join("\n"),
  );
  return `${parts.join("\n\n")}\n`;
}

function columnTable({ columns }: Table): string {
  const rows = columns.map(
    ({ name, type, nullable, comment }) =>
      `| ${name} | ${type}${nullable ? "" : ", required"} | ${comment ?? ""} |`,
  );
  return ["| column | type | |", "|---|---|---|", ...rows].join("\n");
}
