// Grants as the catalog has them: what a database role may do with tables, columns, sequences and schemas is what tables.ts
// expects and nothing more, and new objects get no grants until one is given.
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readTables } from "./read-catalog.ts";
import { MACHINE_TABLES, SEQUENCES, TABLES, type TableExpectation, VERBS, type Verb } from "./tables.ts";

const stack = inject("stack");
const tables = await readTables(stack);
const sql = postgres(stack.DB_URL, { max: 2, onnotice: () => {} });
const worker = postgres(stack.WORKER_SESSION_URL, { max: 1, onnotice: () => {} });
afterAll(() => Promise.all([sql.end(), worker.end()]));

const ROLES = ["anon", "authenticated", "service_role", "worker"];

/** The privileges on tables of a schema, by role and table; columns are named if it is not all of them. */
async function readGrants(schema: string): Promise<Map<string, string[]>> {
  const rows = await sql`
    select r.role || ' ' || c.relname as key, p.privilege,
      case when not has_table_privilege(r.role, c.oid, p.privilege) then array(
        select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and p.privilege in ('select', 'insert', 'update', 'references')
          and has_column_privilege(r.role, c.oid, a.attnum, p.privilege)
      ) end as columns
    from pg_class c
    cross join unnest(${ROLES}::text[]) r (role)
    cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', 'maintain']) p (privilege)
    where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (has_table_privilege(r.role, c.oid, p.privilege) or has_any_column_privilege(r.role, c.oid,
        case when p.privilege in ('delete', 'truncate', 'trigger', 'maintain') then 'references' else p.privilege end))
    order by 1, 2`;
  const grants = new Map<string, string[]>();
  for (const { key, privilege, columns } of rows) {
    if (columns?.length === 0) continue;
    const grant = columns ? `${privilege} (${columns.sort().join(", ")})` : privilege;
    grants.set(key, [...(grants.get(key) ?? []), grant]);
  }
  return grants;
}

describe("tables of public", () => {
  let grants: Map<string, string[]>;
  beforeAll(async () => {
    grants = await readGrants("public");
  });

  it.each(tables.map(({ name }) => name))("%s", (name) => {
    const expectation = TABLES[name] as TableExpectation;
    const asGrant = (verb: Verb) => {
      const rule = expectation[verb];
      return typeof rule === "object" ? `${verb} (${[...rule.columns].sort().join(", ")})` : verb;
    };
    const granted = (role: string) => grants.get(`${role} ${name}`) ?? [];
    expect({
      anon: granted("anon"),
      authenticated: granted("authenticated"),
      service_role: granted("service_role"),
      worker: granted("worker"),
    }).toEqual({
      anon: [],
      authenticated: VERBS.filter((verb) => expectation[verb])
        .map(asGrant)
        .sort(),
      service_role: [...expectation.service].sort(),
      worker: [],
    });
  });
});

it("sequences of public are nobody's but their owner's", async () => {
  const rows = await sql`
    select c.relname as name, array(
      select r.role from unnest(${ROLES}::text[]) r (role)
      where has_sequence_privilege(r.role, c.oid, 'usage') or has_sequence_privilege(r.role, c.oid, 'select')
        or has_sequence_privilege(r.role, c.oid, 'update')
    ) as roles
    from pg_class c where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace`;
  expect(Object.fromEntries(rows.map(({ name, roles }) => [name, roles]))).toEqual(SEQUENCES);
});

it("tables of private and of the queues have no grants, except those listed", async () => {
  const found: Record<string, Record<string, string>> = {};
  for (const schema of ["private", "pgmq"]) {
    for (const [key, verbs] of await readGrants(schema)) {
      const [role, table] = key.split(" ") as [string, string];
      found[`${schema}.${table}`] = { ...found[`${schema}.${table}`], [role]: verbs.join(", ") };
    }
  }
  expect(found).toEqual(MACHINE_TABLES);
});

it("only the roles that need a schema may use it", async () => {
  const rows = await sql`
    select n.nspname as schema, array(select r.role from unnest(${ROLES}::text[]) r (role)
        where has_schema_privilege(r.role, n.oid, 'usage')) as used,
      array(select r.role from unnest(${ROLES}::text[]) r (role) where has_schema_privilege(r.role, n.oid, 'create')) as created
    from pg_namespace n where n.nspname in ('public', 'private', 'pgmq', 'cron', 'vault')`;
  expect(Object.fromEntries(rows.map(({ schema, used }) => [schema, used.join(" ")]))).toEqual({
    public: "anon authenticated service_role worker",
    private: "authenticated service_role worker",
    // The platform opens vault to the service itself.
    pgmq: "",
    cron: "",
    vault: "service_role",
  });
  expect(rows.flatMap(({ created }) => created)).toEqual([]);
});

it("the worker is in no other role and reads no table, not even one it works for", async () => {
  const [role] = await sql`
    select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
      array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid) as member_of
    from pg_roles r where rolname = 'worker'`;
  expect(role).toEqual({
    rolcanlogin: true,
    rolsuper: false,
    rolbypassrls: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    member_of: [],
  });
  for (const table of ["public.leads", "public.messages", "private.contacts", "pgmq.q_sends", "cron.job"]) {
    await expect(worker.unsafe(`select 1 from ${table}`), table).rejects.toMatchObject({ code: "42501" });
  }
  await expect(worker`select private.vault_secret('worker_secret')`).rejects.toMatchObject({ code: "42501" });
  await expect(worker`select 1 from vault.decrypted_secrets`).rejects.toMatchObject({ code: "42501" });
  await expect(worker`set role service_role`).rejects.toMatchObject({ code: "42501" });
});

it("a new table, sequence or function has no grants until one is given", async () => {
  class Undo extends Error {}
  const roles: Record<string, string[]> = {};
  await sql
    .begin(async (tx) => {
      await tx`create table public.made_next (id bigint generated always as identity)`;
      await tx`create function public.made_next() returns int language sql set search_path = '' as 'select 1'`;
      await tx`create function private.made_next() returns int language sql set search_path = '' as 'select 1'`;
      for (const role of ROLES) {
        const [may] = await tx`
          select has_table_privilege(${role}, 'public.made_next', 'select, insert, update, delete, truncate') as "table",
            has_sequence_privilege(${role}, 'public.made_next_id_seq', 'usage, select, update') as sequence,
            has_function_privilege(${role}, 'public.made_next()', 'execute') as "public function",
            has_function_privilege(${role}, 'private.made_next()', 'execute') as "private function"`;
        roles[role] = Object.keys(may ?? {}).filter((what) => may?.[what]);
      }
      throw new Undo();
    })
    .catch((error) => {
      if (!(error instanceof Undo)) throw error;
    });
  expect(roles).toEqual({ anon: [], authenticated: [], service_role: [], worker: [] });
});
