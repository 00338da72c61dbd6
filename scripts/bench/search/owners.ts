// Owners as in county records: common and rare names, streets and towns, in one organisation beside many others.
import type postgres from "postgres";

const FIRST_NAMES =
  "María José Rosa Juan Ana Luis Carmen Pedro Elena Miguel James Mary Robert Patricia John Jennifer Michael Linda David Susan William Karen Richard Nancy Thomas Sandra Guadalupe Ramón Sofía Andrés";
/** The last hundredth of people have unique names. */
const LAST_NAMES =
  "García Smith Hernández Johnson Martínez Williams López Brown González Jones Pérez Miller Sánchez Davis Ramírez Wilson Torres Anderson Flores Thomas Rivera Taylor Gómez Moore Díaz Jackson Cruz Martin Morales Lee Núñez Thompson Ortiz White Gutiérrez Harris Chávez Clark Ramos Lewis Ruiz Walker Mendoza Hall Álvarez Young Castillo King Romero Wright Peña O'Brien";
const STREETS =
  "Oak Maple Cedar Pine Elm Washington Lake Hill Main Park Spring River Ranch County Mesquite Pecan Live-Oak Sunset Prairie Valley";
const TOWNS =
  "Austin Dallas Houston Tampa Denver Phoenix Tucson Albuquerque Laredo Lubbock Amarillo Abilene Waco Tyler Kerrville Marfa Alpine Boerne Llano Fredericksburg";
const COUNTIES =
  "Harris Travis Dallas Bexar Tarrant Collin Denton Hidalgo El-Paso Webb Hays Comal Llano Brewster Presidio Culberson Jeff-Davis Val-Verde Kinney Maverick";
const STATES = "TX FL AZ NM CO CA GA NC OK AR";
const STATUSES = "new contacted interested not_interested do_not_contact";
const SOURCES = "County-list Tax-delinquent Probate Driving-for-dollars Referral";
const FLOOD_ZONES = "X AE A VE";
const LAND = "Vacant-land Ranch Farm Single-family Mobile-home";

const list = (words: string) =>
  `array[${words
    .split(" ")
    .map((word) => `'${word.replaceAll("-", " ").replaceAll("'", "''")}'`)
    .join(",")}]`;
/** Early words are chosen more often than late ones. */
const skewed = (words: string) =>
  `(${list(words)})[1 + floor(power(random(), 1.6) * ${words.split(" ").length})::integer]`;
const even = (words: string) => `(${list(words)})[1 + floor(random() * ${words.split(" ").length})::integer]`;

/**
 * Each has 2.3 phones and a parcel. Triggers are off, and their work is done here.
 * @param from the first of their running numbers, which decide their phones
 * @param seed of the random choices
 */
export async function addOwners(
  sql: postgres.Sql,
  orgId: string,
  { from, count, seed }: { from: number; count: number; seed: number },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`select setseed(${(seed % 1_000) / 1_000})`;
    await tx.unsafe(
      `
      with made as materialized (
        select n, gen_random_uuid() as id, ${skewed(FIRST_NAMES)} as first_name,
          case when n % 100 = 0 then 'Zyx' || to_hex(n) else ${skewed(LAST_NAMES)} end as last_name,
          (100 + floor(random() * 9900))::integer || ' ' || ${skewed(STREETS)} || ' ' || (array['St', 'Ave', 'Rd', 'Ln'])[1 + n % 4] as address1,
          ${skewed(TOWNS)} as city, ${skewed(STATES)} as state, lpad((70000 + floor(random() * 9999))::integer::text, 5, '0') as postal_code,
          ${skewed(COUNTIES)} as county, ${even(STATUSES)} as status,
          ${skewed(SOURCES)} as source, case when n % 50 = 1 then 'hot' when n % 7 = 2 then 'warm' else 'cold' end as lead_score,
          case when n % 40 = 3 then 'granted' when n % 90 = 4 then 'denied' else 'unknown' end as consent_status,
          jsonb_build_object('Flood Zone', ${skewed(FLOOD_ZONES)}, 'Tax year', 1990 + n % 35) as custom_fields,
          case when n % 5 < 2 then now() - make_interval(days => n % 400) end as contacted_at,
          lpad((n % 997)::text, 3, '0') || '-' || lpad((n / 997)::text, 4, '0') || '-' || (n % 10) as apn,
          array_remove(array['SEP25', case when n % 3 = 0 then 'TX-HAR' end, case when n % 50 = 0 then 'HOT' end], null) as tags,
          (select array_agg('+1' || (201 + (n * 7 + k * 131) % 700)::text || lpad(((n * 3 + k)::bigint * 7919 % 8000000 + 2000000)::text, 7, '0'))
           from generate_series(0, case when n % 10 < 7 then 1 when n % 10 < 9 then 2 else 1 end) k) as phones
        from generate_series($2::integer, $2 + $3::integer - 1) n
      ),
      owners as (
        insert into public.leads (id, org_id, first_name, last_name, language, email, address1, city, state, postal_code, county, status, tags,
          source, lead_score, consent_status, custom_fields, first_contacted_at, apn_text, phone_digits, created_at)
        select id, $1::uuid, first_name, last_name, 'es', case when n % 4 = 0 then lower(private.fold_text(first_name)) || n || '@example.com' end,
          address1, city, state, postal_code, county, status, tags, source, lead_score, consent_status, custom_fields,
          contacted_at, private.apn_text(array[apn]), (select string_agg(substr(p, 3), ' ') from unnest(phones) p),
          now() - make_interval(mins => n)
        from made
      ),
      activity as (
        insert into private.lead_activity (lead_id, org_id, last_contacted_at)
        select id, $1::uuid, contacted_at from made where contacted_at is not null
      ),
      conversations as (
        insert into public.conversations (org_id, e164, lead_id, last_message_at, first_inbound_at)
        select $1::uuid, phones[1], id, contacted_at, contacted_at from made where n % 50 = 10 on conflict do nothing
      ),
      numbers as (
        insert into public.lead_phones (org_id, lead_id, e164, role, line_type)
        select $1::uuid, m.id, p.e164, (array['primary', 'secondary', 'alternate'])[p.n], case when m.n % 6 = 0 then 'landline' when m.n % 6 < 4 then 'mobile' end
        from made m cross join lateral unnest(m.phones) with ordinality as p(e164, n)
        on conflict (lead_id, e164) do nothing
      )
      insert into public.lead_properties (org_id, lead_id, apn, county, state, property_type, acreage, estimated_value)
      select $1::uuid, id, apn, county, state, ${skewed(LAND)}, round((power(random(), 3) * 200)::numeric, 2), round((random() * 400000)::numeric, -2) from made`,
      [orgId, from, count],
    );
  });
}
