// Leads by the ten thousand: one statement a table. Triggers are off, and their work is done here.
import type postgres from "postgres";
import { PLACES, phoneSql } from "./places.ts";

/**
 * Owners, each with a phone and a parcel; every fourth lives in another state than that of their area code.
 * @param from the first of their running numbers, which decide their phones
 * @param tag one of their tags, to select them by
 */
export async function addLeads(
  sql: postgres.Sql,
  orgId: string,
  { from, count, tag }: { from: number; count: number; tag: string },
): Promise<void> {
  const states = `(array[${PLACES.map(({ state }) => `'${state}'`)}])`;
  const counties = `(array[${PLACES.map(({ county }) => `'${county}'`)}])`;
  const place = (n: string) => `1 + (${n}) % ${PLACES.length}`;
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(
      `
      with made as (
        select n, gen_random_uuid() as id, ${phoneSql("n")} as e164,
          ${place("n + case when n % 4 = 0 then 1 else 0 end")} as home
        from generate_series($2::integer, $2 + $3::integer - 1) n
      ),
      owners as (
        insert into public.leads (id, org_id, first_name, last_name, language, city, state, postal_code, county, tags, phone_digits)
        select id, $1::uuid, 'Rosa ' || n % 97, 'Owner ' || n, 'es', 'Springfield', ${states}[home], '75001', ${counties}[home],
          array[$4::text], substr(e164, 3)
        from made
      ),
      phones as (
        insert into public.lead_phones (org_id, lead_id, e164, role) select $1::uuid, id, e164, 'primary' from made
      )
      insert into public.lead_properties (org_id, lead_id, apn, county, state, situs, property_type, acreage)
      select $1::uuid, id, 'R' || n, ${counties}[home], ${states}[home], n || ' County Road', 'land', 5 from made`,
      [orgId, from, count, tag],
    );
  });
}
