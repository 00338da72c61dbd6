// The rules of the schema, checked in the catalog: each lists the objects that break it.
import type postgres from "postgres";
import { afterAll, describe, expect, it } from "vitest";
import { PUBLIC_DEFINERS } from "../../access/functions.ts";
import { startBareDatabase } from "../../fixtures/start-bare-database.ts";

const { sql, close } = await startBareDatabase();
afterAll(close);

const names = (rows: postgres.RowList<postgres.Row[]>) => rows.map(({ name }) => name);
/** A sentence: several words, beginning without a capital. */
const SENTENCE = /^[a-z][^_]*( [^ ]+){3,}$/;

describe("tables", () => {
  it("all have row level security", async () => {
    const open = await sql`
      select c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in ('public', 'private') and not c.relrowsecurity`;
    expect(names(open)).toEqual([]);
  });

  it("and views and types all have a comment", async () => {
    const silent = await sql`
      select c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace::regnamespace::text in ('public', 'private')
        and coalesce(obj_description(c.oid, 'pg_class'), '') = ''
      union all
      select t.oid::regtype::text from pg_type t left join pg_class c on c.oid = t.typrelid
      where t.typnamespace::regnamespace::text in ('public', 'private') and (t.typtype = 'e' or c.relkind = 'c')
        and coalesce(obj_description(t.oid, 'pg_type'), obj_description(c.oid, 'pg_class'), '') = ''`;
    expect(names(silent)).toEqual([]);
  });

  it("of public all have a column for a row's owner", async () => {
    const unowned = await sql`
      select c.relname as name from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id')
      order by 1`;
    // An organisation is its own owner; the states that require consent are law.
    expect(names(unowned)).toEqual(["consent_rules", "orgs"]);
    const sometimes = await sql`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attname = 'org_id' and not a.attnotnull
      order by 1`;
    // The platform's own rules, and webhooks of unknown accounts.
    expect(names(sometimes)).toEqual(["quiet_hour_rules", "webhook_logs"]);
  });

  it("are read through views with the rights of the caller", async () => {
    const definers = await sql`
      select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace
        and not coalesce('security_invoker=true' = any (c.reloptions), false)`;
    expect(names(definers)).toEqual([]);
  });

  it("are never streamed row by row to subscribers: live updates are broadcasts", async () => {
    expect(names(await sql`select tablename as name from pg_publication_tables`)).toEqual([]);
  });

  it("are found by phones and windows that are compared by their bytes, or joins would not use the index", async () => {
    const slow = await sql`
      select distinct c.relname || '.' || a.attname as name
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_collation k on k.oid = a.attcollation
      where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('public', 'private') and a.attnum > 0 and k.collname <> 'C'
        and a.attname in ('e164', 'to_number', 'from_number', 'phone_number', 'window_key', 'subject')`;
    // A small table, with a generated column based on it, that is only compared with a parameter.
    expect(names(slow)).toEqual(["phone_numbers.e164"]);
  });

  it("that compare old and new rows of a statement do so by hash: a plan kept from one row compares each with all", async () => {
    const quadratic = await sql`
      select distinct p.oid::regprocedure::text as name
      from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where t.tgoldtable is not null and t.tgnewtable is not null and p.pronamespace = 'private'::regnamespace
        and p.prosrc ~ 'join (old|new|before|after)_rows' and not 'enable_nestloop=off' = any (coalesce(p.proconfig, '{}'))`;
    expect(names(quadratic)).toEqual([]);
  });

  it("refer to each other with an explicit action on deletion", async () => {
    const silent = await sql`
      select c.conrelid::regclass || '.' || c.conname as name from pg_constraint c
      where c.contype = 'f' and c.confdeltype = 'a' and c.connamespace::regnamespace::text in ('public', 'private')`;
    expect(names(silent)).toEqual([]);
  });
});

describe("policies", () => {
  const policies = () => sql`
    select p.schemaname || '.' || p.tablename as "table", p.policyname as name, p.cmd, p.roles, p.permissive,
      coalesce(p.qual, '') || ' ' || coalesce(p.with_check, '') as expression
    from pg_policies p where p.schemaname in ('public', 'private', 'realtime', 'storage')`;

  it("are for people who signed in, one for each operation, named by a sentence", async () => {
    const found = await policies();
    expect(found.length).toBeGreaterThan(20);
    const told = (policy: postgres.Row) => `${policy.table}: ${policy.name}`;
    expect(found.filter(({ roles }) => roles.join() !== "authenticated").map(told)).toEqual([]);
    expect(found.filter(({ cmd }) => cmd === "ALL").map(told)).toEqual([]);
    expect(found.filter(({ permissive }) => permissive !== "PERMISSIVE").map(told)).toEqual([]);
    expect(found.filter(({ name }) => !SENTENCE.test(name)).map(told)).toEqual([]);
    const operations = found.map(({ table, cmd }) => `${table} ${cmd}`);
    expect(operations.filter((one, i) => operations.indexOf(one) !== i)).toEqual([]);
  });

  it("check the caller once for a statement, not for every row", async () => {
    const asked = (await policies()).flatMap(({ table, name, expression }) =>
      [...expression.matchAll(/(.{0,9})\b(?:auth|private|realtime)\.\w+\(/g)]
        .filter(([, before]) => !before?.endsWith("SELECT "))
        .map(() => `${table}: ${name}`),
    );
    expect(asked).toEqual([]);
  });

  it("find their rows by an index", async () => {
    const unindexed = await sql`
      select distinct c.oid::regclass || '.' || a.attname as name
      from pg_policy p
      join pg_class c on c.oid = p.polrelid and c.relnamespace = 'public'::regnamespace
      join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid > 0
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
      -- A new row is looked at, not looked for.
      where p.polcmd <> 'a'
        and not exists (
          select 1 from pg_index i
          where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indpred is null)`;
    // They only leave rows out: codes that nobody may read, and quick responses of other people.
    expect(names(unindexed)).toEqual(["messages.kind", "quick_responses.owner_id"]);
  });
});

describe("functions", () => {
  const ours = sql`p.pronamespace::regnamespace::text in ('public', 'private')`;

  it("all have a comment", async () => {
    const silent = await sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where ${ours} and coalesce(obj_description(p.oid, 'pg_proc'), '') = ''`;
    expect(names(silent)).toEqual([]);
  });

  it("all fix an empty search_path", async () => {
    const loose = await sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where ${ours} and not coalesce('search_path=""' = any (p.proconfig), false)`;
    expect(names(loose)).toEqual([]);
  });

  it("are never executable by public or anon", async () => {
    const open = await sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where ${ours} and (has_function_privilege('anon', p.oid, 'execute')
        or exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0))`;
    expect(names(open)).toEqual([]);
  });

  it("of public run with the caller's rights, except those listed with a reason", async () => {
    const definers = await sql`
      select p.proname as name from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 1`;
    expect(names(definers)).toEqual(Object.keys(PUBLIC_DEFINERS).sort());
    expect(Object.values(PUBLIC_DEFINERS).filter((reason) => reason.trim() === "")).toEqual([]);
  });

  it("that run with their owner's rights say why", async () => {
    const silent = await sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where ${ours} and p.prosecdef and obj_description(p.oid, 'pg_proc') !~* 'definer'`;
    expect(names(silent)).toEqual([]);
  });

  it("that people reach and that run with their owner's rights first check the caller", async () => {
    const trusting = await sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where ${ours} and p.prosecdef and has_function_privilege('authenticated', p.oid, 'execute')
        and p.prosrc !~ 'private\\.(require_role|own_campaign|own_template|own_test_phone|lock_campaign|lock_own_org|org_id)\\(|private\\.signed_in|auth\\.uid\\('
      order by 1`;
    // It is asked by a policy, which compares its answer with the caller's organisation.
    expect(names(trusting)).toEqual(["private.topic_org_id(text)"]);
  });
});
