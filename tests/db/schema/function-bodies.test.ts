// Migrations create functions without checking their bodies, so that one may call a function of a later area. Here each body is
// checked, with all objects there.
import { afterAll, expect, test } from "vitest";
import { startBareDatabase } from "../../fixtures/start-bare-database.ts";

const { sql, close } = await startBareDatabase();
afterAll(close);

test("every function is one that Postgres accepts with its body checked", async () => {
  const functions = await sql<{ name: string; definition: string }[]>`
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and p.prokind = 'f'
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;
  expect(functions.length).toBeGreaterThan(500);
  const refused: string[] = [];
  for (const { name, definition } of functions)
    await sql
      .begin(async (sql) => {
        await sql`set local check_function_bodies = on`;
        await sql.unsafe(definition);
        throw new Error("accepted");
      })
      .catch((error: Error) => {
        if (error.message !== "accepted") refused.push(`${name}: ${error.message}`);
      });
  expect(refused).toEqual([]);
});
