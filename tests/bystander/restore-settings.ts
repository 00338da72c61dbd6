// Restores an organisation's settings, so that one poison's changes do not prevent the next from running.
import type postgres from "postgres";

/** Tables, each with the column that names a row's owner. */
const SETTINGS = [
  ["orgs", "id"],
  ["sending_limits", "org_id"],
  ["phone_numbers", "org_id"],
] as const;
const ADDED = ["quiet_hour_rules", "carrier_caps"];

/** @returns a function that restores the current state */
export async function keepSettings(sql: postgres.Sql, orgId: string): Promise<() => Promise<void>> {
  const kept: { table: string; owner: string; columns: string[]; rows: string }[] = [];
  for (const [table, owner] of SETTINGS) {
    const columns = await sql`
      select column_name from information_schema.columns
      where table_schema = 'public' and table_name = ${table} and is_generated = 'NEVER' and is_identity = 'NO' and column_name not in ('id', 'org_id', 'created_at')`;
    const [row] = await sql`
      select jsonb_agg(to_jsonb(t))::text as rows from ${sql(`public.${table}`)} t where ${sql(owner)} = ${orgId}`;
    kept.push({ table, owner, columns: columns.map((one) => one.column_name), rows: row?.rows });
  }
  return async () => {
    for (const { table, owner, columns, rows } of kept) {
      const key = table === "phone_numbers" ? "id" : owner;
      const list = columns.map((column) => `"${column}" = k."${column}"`).join(", ");
      await sql.unsafe(
        `update public.${table} t set ${list} from jsonb_populate_recordset(null::public.${table}, $1::text::jsonb) k
         where t.${key} = k.${key} and t.${owner} = $2`,
        [rows, orgId],
      );
    }
    for (const table of ADDED) await sql`delete from ${sql(`public.${table}`)} where org_id = ${orgId}`;
  };
}
