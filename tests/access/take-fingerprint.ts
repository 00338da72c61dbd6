// A fingerprint of all rows and files of organisations: equal before and after means that nothing changed.
import type postgres from "postgres";
import type { Side } from "./fill-org.ts";
import { ROWS } from "./rows.ts";

/** @returns per table, and for stored files, how many rows and a digest of them */
export async function takeFingerprint(sql: postgres.Sql, sides: Side[]): Promise<Record<string, string>> {
  const ids = sides.map(({ id }) => id);
  const owned = Object.entries(ROWS).filter(([, { owner }]) => owner !== null);
  const parts = owned.map(
    ([table, { owner = "org_id" }]) =>
      `select '${table}' as name, t::text as value from public.${table} t where ${owner} = any ($1)`,
  );
  parts.push(
    "select 'files', o::text from storage.objects o where split_part(o.name, '/', 1) = any ($1::text[])",
  );
  const rows = await sql.unsafe(
    `select name, count(*) || ' ' || md5(string_agg(value, '|' order by value)) as digest
     from (${parts.join(" union all ")}) everything group by name order by name`,
    [ids as never],
    // Planning it takes longer than reading a few rows of some fifty tables.
    { prepare: true },
  );
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}
