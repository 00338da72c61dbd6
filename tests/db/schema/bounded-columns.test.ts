// Every column that a tenant could write refuses the values that break its readers: the checks in the catalog are tried with
// each such value. New columns are tried too.
import { afterAll, expect, it } from "vitest";
import { startBareDatabase } from "../../fixtures/start-bare-database.ts";

const { sql, close } = await startBareDatabase();
afterAll(close);

/** Values that every column of a type must refuse, as SQL. */
const BREAKING: Record<string, string[]> = {
  numeric: ["'NaN'::numeric", "1e20", "-1e20"],
  float8: ["'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float8"],
  int2: ["32767::int2", "(-32768)::int2"],
  int4: ["2147483647", "-2147483648"],
  int8: ["9223372036854775807", "-9223372036854775808"],
  text: ["repeat('x', 100000)"],
  date: ["'infinity'::date", "'-infinity'::date"],
  timestamptz: ["'infinity'::timestamptz", "'-infinity'::timestamptz"],
  interval: ["'infinity'::interval", "'-infinity'::interval"],
  jsonb: [
    "jsonb_build_object('x', repeat('x', 2000000))",
    "jsonb_build_array(repeat('x', 2000000))",
    "to_jsonb(repeat('x', 2000000))",
  ],
};
/** For an array of any type: more elements than needed. */
const LONG_ARRAY = "array_fill(null::{type}, array[100000])";

/**
 * Tables that no tenant's call writes directly: our own functions make their values, from input that was checked before.
 * Checks here would cost time with every message.
 */
const OUR_OWN: Record<string, string> = {
  a2p_registrations: "what Twilio says of the account",
  alerts: "sentences and figures of our own",
  audit_events: "what was done, told from checked values",
  campaign_stats: "counters of our own",
  campaign_step_stats: "counters of our own",
  campaign_rotation_looks: "what our own looks counted",
  campaign_test_looks: "what our own looks counted",
  campaign_targets: "made by building, changed with every message",
  consent_records: "written by imports and inbound messages",
  conversations: "written with every inbound message",
  daily_spending: "sums of our own",
  message_media: "made by inbound messages and checked uploads, with checks of their own",
  message_status_events: "callbacks, raw, with a limit on the request",
  messages: "made by planning, changed with every message",
  send_attempts: "made by claiming, changed with every message",
  template_versions: "copies of templates",
  twilio_accounts: "set by the operator; balances are Twilio's",
  webhook_logs: "callbacks, raw, with a limit on the request",
};
/** Columns of other tables that only our own functions write. */
const OUR_OWN_COLUMNS: Record<string, string> = {
  "campaign_templates.variant": "refers to campaign_variants",
  "campaign_tests.evidence": "what our own looks counted",
  "campaign_tests.held": "counted by building",
  "campaign_variants.assigned": "counted by building",
  "campaigns.breaker_since": "our clock",
  "campaigns.needs_attention": "a sentence of our own",
  "campaigns.status_reason": "a sentence of our own",
  "consent_rules.source": "the law's, kept by the operator",
  "import_rejections.line": "counted by the reader of the file, of 100 MiB at most",
  "imports.duplicate_rows": "counted with every chunk",
  "imports.hidden_rows": "counted by undoing",
  "imports.imported_rows": "counted with every chunk",
  "imports.kept_rows": "counted by undoing",
  "imports.processed_rows": "counted with every chunk",
  "imports.rejected_rows": "counted with every chunk",
  "imports.run_from_rows": "processed_rows of when the run began",
  "imports.seconds_left": "estimated by our clock",
  "imports.total_rows": "processed_rows of the last chunk",
  "imports.undo_total": "counted when undoing begins",
  "imports.undone_rows": "counted by undoing",
  "imports.updated_rows": "counted with every chunk",
  "imports.warning_count": "counted with every chunk",
  "jobs.done_items": "counted with every step",
  "jobs.seconds_left": "estimated by our clock",
  "jobs.total_items": "counted when the leads of a job are fixed",
  "leads.apn_text": "the checked parcel numbers of a lead, by trigger",
  "leads.parcel_counties": "the checked counties of a lead's parcels, by trigger",
  "leads.phone_digits": "the checked phones of a lead, by trigger",
};
/** Moments that our own functions take from the clock. */
const CLOCKS = /_at$/;
interface Column {
  name: string;
  table: string;
  column: string;
  type: string;
  isArray: boolean;
  writable: boolean;
  checks: string[];
}

async function readColumns(): Promise<Column[]> {
  return (await sql`
    select c.relname || '.' || a.attname as name, c.relname as "table", a.attname as "column", coalesce(e.typname, t.typname) as type,
      e.oid is not null as "isArray",
      has_column_privilege('authenticated', c.oid, a.attnum, 'insert') or has_column_privilege('authenticated', c.oid, a.attnum, 'update') as writable,
      array(select pg_get_expr(k.conbin, k.conrelid) from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]) as checks
    from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
    left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
    order by 1`) as unknown as Column[];
}

/** The values that a column accepts and should refuse. */
const taken = (column: Column) =>
  takenOf(
    column,
    column.isArray ? [LONG_ARRAY.replace("{type}", column.type)] : (BREAKING[column.type] ?? []),
  );

/** Which of the values, written in SQL, a column accepts by its own checks. */
async function takenOf({ column, checks }: Column, values: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const value of values) {
    const verdict = checks.map((check) => `coalesce(${check}, true)`).join(" and ") || "true";
    // A check that can't read the value refuses it, too.
    const [row] = await sql
      .unsafe(`select ${verdict} as fits from (select ${value} as "${column}") x`)
      .catch(() => [{ fits: false }]);
    if (row?.fits) found.push(value);
  }
  return found;
}

/** A timestamp that our own code takes from the clock. */
const isClock = ({ column, type, writable }: Column) =>
  type === "timestamptz" && CLOCKS.test(column) && !writable;

it("values that break their readers are refused by every column that a tenant's call writes", async () => {
  const columns = await readColumns();
  expect(columns.length).toBeGreaterThan(200);
  const unbounded: string[] = [];
  for (const one of columns) {
    if (OUR_OWN[one.table] !== undefined || OUR_OWN_COLUMNS[one.name] !== undefined || isClock(one)) continue;
    if ((await taken(one)).length > 0) unbounded.push(one.name);
  }
  expect(unbounded).toEqual([]);
});

it("exceptions are existing tables and columns that only our own functions write, and have a reason", async () => {
  const columns = await readColumns();
  const tables = new Set(columns.map(({ table }) => table));
  const names = new Set(columns.map(({ name }) => name));
  expect(Object.keys(OUR_OWN).filter((name) => !tables.has(name))).toEqual([]);
  expect(Object.keys(OUR_OWN_COLUMNS).filter((name) => !names.has(name))).toEqual([]);
  expect(
    columns
      .filter(({ table, name, writable }) => writable && (OUR_OWN[table] ?? OUR_OWN_COLUMNS[name]))
      .map(({ name }) => name),
  ).toEqual([]);
  expect(
    Object.entries({ ...OUR_OWN, ...OUR_OWN_COLUMNS }).filter(([, reason]) => reason.trim() === ""),
  ).toEqual([]);
});

/** Columns that may hold more than 64 KB in a row and have no sum for each organisation. */
const LARGE_IN_A_ROW: Record<string, string> = {
  "import_mappings.mapping": "4 MB of an organisation together, which private.check_import_mapping sees to",
  "import_rejections.raw": "a line of a file: who fills a page of them uploads as much",
};

it("rows that people read over REST are small, or limited for the organisation, because PostgREST counts rows only", async () => {
  const large: string[] = [];
  for (const one of await readColumns()) {
    if (OUR_OWN[one.table] !== undefined || OUR_OWN_COLUMNS[one.name] !== undefined) continue;
    if (!["jsonb", "text"].includes(one.type) || one.isArray) continue;
    const text = "repeat('x', 70000)";
    const values =
      one.type === "text"
        ? [text]
        : [`jsonb_build_object('x', ${text})`, `jsonb_build_array(${text})`, `to_jsonb(${text})`];
    const [row] = await sql`
      select has_column_privilege('authenticated', ${`public.${one.table}`}, ${one.column}, 'select') as is_read,
        exists (select from pg_trigger t where t.tgrelid = ${`public.${one.table}`}::regclass
          and t.tgfoid = 'private.limit_large_values'::regproc and t.tgargs = convert_to(${one.column}, 'utf-8') || '\\000'::bytea) as is_limited`;
    if (row?.is_read && !row.is_limited && (await takenOf(one, values)).length > 0) large.push(one.name);
  }
  expect(large).toEqual(Object.keys(LARGE_IN_A_ROW));
});
