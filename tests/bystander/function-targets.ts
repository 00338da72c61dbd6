// Every function of schema public, by REST, with one valid set of arguments that is changed in one place.
import postgres from "postgres";
import { ROLES } from "../../supabase/functions/_shared/http/roles.ts";
import { FUNCTIONS, type FunctionExpectation } from "../access/functions.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { type Mutation, mutate, replaceAll } from "./mutate.ts";
import type { Call, CallContext, Target } from "./targets.ts";
import { anyText } from "./values.ts";

interface FoundFunction {
  name: string;
  argument_names: string[];
  argument_types: string[];
  is_volatile: boolean;
}

/** @throws if a function has no valid call: its values would be refused before they are read */
export async function functionTargets(stack: TestStack): Promise<Target[]> {
  const found = await readFunctions(stack);
  const unknown = found.filter(({ name }) => !FUNCTIONS[name]).map(({ name }) => name);
  if (unknown.length > 0)
    throw new Error(`no valid call of ${unknown.join(", ")}: add one to tests/access/functions.ts`);
  return found.map((one) => ({
    kind: "function",
    name: one.name,
    ablest: able((FUNCTIONS[one.name] as FunctionExpectation).role),
    prepare: (context) => prepare(one, context),
  }));
}

/** The roles that may do what this one may. */
export function able(role: string): string[] {
  const rank = (ROLES as readonly string[]).indexOf(role);
  return ROLES.filter((_role, n) => n >= rank);
}

async function prepare(found: FoundFunction, context: CallContext): Promise<Call> {
  const { random, caller, own } = context;
  const args = await (FUNCTIONS[found.name] as FunctionExpectation).args(own);
  // Arguments with a default are given too, or they would not be tried.
  const missing = found.argument_names.filter((name) => !(name in args));
  const base: Record<string, unknown> = { ...args };
  for (const name of missing) if (random.next() < 0.3) base[name] = sampleOf(typeOf(found, name));
  const { label, json } = change(context, base);
  const path = `/rest/v1/rpc/${found.name}`;
  const headers = { ...caller.headers, "content-type": "application/json", ...oddHeaders(context) };
  if (!found.is_volatile && random.next() < 0.15) return byGet(found, context, base, path);
  return { label, method: "POST", path, headers, body: json, ...asRpc(found.name, json) };
}

/** supabase-js takes values, not text: text that is no JavaScript value is sent by HTTP only. */
function asRpc(name: string, json: string): Pick<Call, "rpc"> {
  try {
    const args = JSON.parse(json);
    // JavaScript can't always write what it can read: writing recurses.
    JSON.stringify(args);
    return args !== null && typeof args === "object" && !Array.isArray(args) ? { rpc: { name, args } } : {};
  } catch {
    return {};
  }
}

function change({ random, loot }: CallContext, base: Record<string, unknown>): Mutation {
  const roll = random.next();
  if (roll < 0.1) return { label: "valid", json: JSON.stringify(base) };
  if (roll < 0.22) return replaceAll(random, base, loot);
  if (roll < 0.8) return mutate(random, base, loot);
  // Two places at once, so that a value that passes one check meets the next.
  const once = mutate(random, base, loot);
  try {
    const twice = mutate(random, JSON.parse(once.json), loot);
    return { label: `${once.label}; ${twice.label}`, json: twice.json };
  } catch {
    return once;
  }
}

function byGet(
  found: FoundFunction,
  context: CallContext,
  base: Record<string, unknown>,
  path: string,
): Call {
  const { random, loot, caller } = context;
  const query = new URLSearchParams();
  const odd = found.argument_names.length > 0 ? random.pick(found.argument_names) : "none";
  let label = "valid, by GET";
  for (const name of found.argument_names) {
    if (name === odd && random.next() < 0.8) {
      const { label: what, value } = anyText(random, loot);
      label = `by GET, ${name} = ${what}`;
      query.set(name, value.slice(0, 8_000));
    } else if (base[name] !== undefined) {
      const value = base[name];
      query.set(name, typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
    }
  }
  return { label, method: "GET", path: `${path}?${query}`, headers: caller.headers };
}

/** A few of what PostgREST understands in headers, mostly nothing. */
export function oddHeaders({ random }: CallContext): Record<string, string> {
  if (random.next() < 0.85) return {};
  return random.pick<Record<string, string>>([
    { prefer: "count=exact" },
    { prefer: "params=single-object" },
    { prefer: "return=representation,tx=rollback,max-affected=0,handling=strict" },
    { prefer: "x".repeat(4_000) },
    { accept: "application/vnd.pgrst.object+json" },
    { accept: "text/csv" },
    { accept: "application/vnd.pgrst.plan+json; options=analyze|verbose" },
    { "accept-profile": "private", "content-profile": "private" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { range: "0-999999999999999999999", "range-unit": "items" },
    { "x-forwarded-for": "1, ".repeat(1_000) },
  ]);
}

const typeOf = ({ argument_names, argument_types }: FoundFunction, name: string) =>
  argument_types[argument_names.indexOf(name)] as string;

/** Something valid of a type, to be changed. */
function sampleOf(type: string): unknown {
  if (type.endsWith("[]")) return [sampleOf(type.slice(0, -2))];
  if (type === "uuid") return "00000000-0000-4000-8000-000000000001";
  if (type === "jsonb" || type === "json") return {};
  if (type === "boolean") return true;
  if (/int|numeric|double|real/.test(type)) return 1;
  if (type.startsWith("timestamp") || type === "date") return "2026-06-10T20:00:00Z";
  return "text";
}

async function readFunctions(stack: TestStack): Promise<FoundFunction[]> {
  const sql = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
  try {
    return await sql<FoundFunction[]>`
      select p.proname as name, p.provolatile = 'v' as is_volatile,
        coalesce(p.proargnames[1:p.pronargs], '{}') as argument_names,
        array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as x(t, n) order by n) as argument_types
      from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' order by p.proname`;
  } finally {
    await sql.end();
  }
}
