// Every table and view of schema public, by REST: reads with odd filters, and writes of rows changed in one place.
import postgres from "postgres";
import { ROWS, type Row } from "../access/rows.ts";
import { TABLES, VERBS, type Verb } from "../access/tables.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { able, oddHeaders } from "./function-targets.ts";
import { mutate } from "./mutate.ts";
import type { Call, CallContext, Target } from "./targets.ts";
import { anyText } from "./values.ts";

interface FoundTable {
  name: string;
  columns: string[];
}

/** @throws if a table has no recipe for a row */
export async function tableTargets(stack: TestStack): Promise<Target[]> {
  const found = await readTables(stack);
  const unknown = found.filter(({ name }) => !ROWS[name] || !TABLES[name]).map(({ name }) => name);
  if (unknown.length > 0)
    throw new Error(
      `no row for ${unknown.join(", ")}: add one to tests/access/rows.ts and tests/access/tables.ts`,
    );
  return found.flatMap((table) =>
    VERBS.map((verb): Target => {
      const rule = TABLES[table.name]?.[verb];
      const role = typeof rule === "object" ? rule.role : (rule ?? "admin");
      return {
        kind: "table",
        name: `${verb} ${table.name}`,
        ablest: able(role),
        prepare: (context) => prepare(table, verb, found, context),
      };
    }),
  );
}

function prepare(table: FoundTable, verb: Verb, all: FoundTable[], context: CallContext): Call {
  const { random, caller } = context;
  const headers = {
    ...caller.headers,
    "content-type": "application/json",
    ...oddHeaders(context),
    ...preference(context),
  };
  const path = `/rest/v1/${table.name}`;
  if (verb === "insert") {
    const { label, json } = oddRow(table, verb, context);
    return {
      label,
      method: "POST",
      path: `${path}${random.next() < 0.1 ? conflict(table, context) : ""}`,
      headers,
      body: json,
    };
  }
  const { label: where, query } = filter(table, all, verb, context);
  const address = `${path}?${query}`;
  if (verb === "select")
    return { label: where, method: random.next() < 0.05 ? "HEAD" : "GET", path: address, headers };
  if (verb === "delete") return { label: where, method: "DELETE", path: address, headers };
  const { label, json } = oddRow(table, verb, context);
  return {
    label: `${label} where ${where}`,
    method: random.next() < 0.1 ? "PUT" : "PATCH",
    path: address,
    headers,
    body: json,
  };
}

/** A row, or what changes of one, mostly of columns that may be written. */
function oddRow({ name, columns }: FoundTable, verb: "insert" | "update", context: CallContext) {
  const { random, own, loot } = context;
  const rule = TABLES[name]?.[verb];
  const allowed = typeof rule === "object" && random.next() < 0.85 ? rule.columns : columns;
  const fresh = verb === "update" ? { ...own.row[name], ...TABLES[name]?.patch } : own.fresh(name);
  const whole = Object.fromEntries(Object.entries(fresh).filter(([column]) => allowed.includes(column)));
  // One column of many, so that the others do not refuse a value that this one would accept.
  const one = random.pick(allowed);
  const row: Row = verb === "update" && random.next() < 0.8 ? { [one]: whole[one] ?? null } : whole;
  if (random.next() < 0.05) return { label: "valid", json: JSON.stringify(row) };
  const rows = random.next() < 0.15 ? Array.from({ length: 3 }, () => row) : row;
  return mutate(random, rows, loot);
}

function preference({ random }: CallContext): Record<string, string> {
  const roll = random.next();
  if (roll < 0.5) return { prefer: "return=representation" };
  if (roll < 0.6) return { prefer: "resolution=merge-duplicates,return=representation" };
  if (roll < 0.7) return { prefer: "resolution=ignore-duplicates,missing=default" };
  return roll < 0.8 ? { prefer: "count=exact" } : {};
}

const conflict = ({ columns }: FoundTable, { random }: CallContext) =>
  `?on_conflict=${random.pick([...columns, "nope", "id,org_id", ""])}`;

const OPERATORS = [
  "eq",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
  "like",
  "ilike",
  "match",
  "imatch",
  "is",
  "isdistinct",
  "in",
  "cs",
  "cd",
  "ov",
  "sl",
  "sr",
  "nxl",
  "nxr",
  "adj",
  "fts",
  "plfts",
  "phfts",
  "wfts",
  "not.eq",
  "not.in",
  "eq(any)",
  "like(all)",
  "nope",
];

function filter(
  table: FoundTable,
  all: FoundTable[],
  verb: Verb,
  context: CallContext,
): { label: string; query: string } {
  const { random, own, loot } = context;
  const query = new URLSearchParams();
  const labels: string[] = [];
  const add = (name: string, value: string, label: string) => {
    query.append(name, value.slice(0, 60_000));
    labels.push(`${name}=${label}`);
  };
  const column = random.pick(table.columns);
  const { label, value } = anyText(random, loot);
  const operator = random.pick(OPERATORS);
  const list =
    random.next() < 0.1
      ? Array.from({ length: random.pick([100, 1_500]) }, (_, n) => `"${value.slice(0, 20)}${n}"`).join(",")
      : value.slice(0, 5_000);
  if (/in$|any|all/.test(operator)) add(column, `${operator}.(${list})`, `${operator}.(${label})`);
  else add(column, `${operator}.${value.slice(0, 8_000)}`, `${operator}.${label}`);
  // Without it, a successful delete would leave no rows to try with.
  if (verb === "delete" || verb === "update")
    narrow(table, own.row[table.name], random.next() < 0.5 ? random.pick(loot.ids) : undefined, add);
  if (verb === "select" || random.next() < 0.2) decorate(table, all, context, add);
  return { label: labels.join("&"), query: query.toString() };
}

type Add = (name: string, value: string, label: string) => void;

function narrow({ columns }: FoundTable, row: Row | undefined, hers: string | undefined, add: Add): void {
  const key = columns.includes("id") ? "id" : columns.includes("org_id") ? "org_id" : (columns[0] as string);
  if (hers) add(key, `eq.${hers}`, "eq.an id of hers");
  else if (row?.[key] !== undefined) add(key, `eq.${row[key]}`, "eq.its own");
}

function decorate({ columns }: FoundTable, all: FoundTable[], { random, loot }: CallContext, add: Add): void {
  const other = random.pick(all).name;
  const column = random.pick(columns);
  const { label, value } = anyText(random, loot);
  const odd: [string, string][] = [
    ["select", `*,${other}(*)`],
    ["select", `${column},${other}!inner(*,${random.pick(all).name}(*))`],
    ["select", `...${other}(*)`],
    ["select", `${column}::text,${column}->a->>b,count()`],
    ["select", `${column}.sum(),*`],
    ["select", "(".repeat(500)],
    ["select", Array.from({ length: 200 }, () => `${other}(*)`).join(",")],
    ["select", value.slice(0, 2_000)],
    ["order", `${column}.desc.nullslast,${column}`],
    ["order", `${other}(${column}).asc`],
    ["order", value.slice(0, 2_000)],
    ["limit", value.slice(0, 50)],
    ["limit", "-1"],
    ["offset", "99999999999999999999"],
    ["offset", value.slice(0, 50)],
    ["or", `(${column}.eq.1,and(${column}.is.null,not.or(${column}.gt.2,${column}.lt.1)))`],
    ["or", `${"(and".repeat(400)}`],
    ["or", `(${value.slice(0, 500)})`],
    ["and", `(${Array.from({ length: 400 }, (_, n) => `${column}.neq.${n}`).join(",")})`],
    ["columns", value.slice(0, 500)],
  ];
  const count = 1 + random.below(2);
  for (let i = 0; i < count; i++) {
    const [name, text] = random.pick(odd);
    add(name, text, text.length > 60 ? `${text.slice(0, 40)}… (${label})` : text);
  }
}

async function readTables(stack: TestStack): Promise<FoundTable[]> {
  const sql = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
  try {
    return await sql<FoundTable[]>`
      select c.relname as name,
        array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by c.relname`;
  } finally {
    await sql.end();
  }
}
