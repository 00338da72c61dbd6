// Organisations with an admin, a Twilio account and phone numbers, inserted directly into a database.
import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { PLACES } from "./places.ts";

export interface BenchOrg {
  id: string;
  accountSid: string;
  authToken: string;
  numbers: { id: string; e164: string }[];
  /** Ids of the templates it rotates. */
  templates: string[];
}

/** How many texts a campaign rotates. */
const TEMPLATES = 24;

/**
 * @param n distinguishes it from others: numbers are unique over all organisations
 * @param mps messages a second of each number
 */
export async function createOrg(
  sql: postgres.Sql,
  { n, numbers, mps }: { n: number; numbers: number; mps: number },
): Promise<BenchOrg> {
  const userId = randomUUID();
  await sql`
    insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
    values (${userId}, ${`${userId}@example.com`}, now(), ${sql.json({ org_name: `Tierras Claras ${n}` })})`;
  const [user] = await sql`select org_id from public.users where id = ${userId}`;
  const id: string = user?.org_id;
  return { id, ...(await equipOrg(sql, id, { n, numbers, mps })) };
}

/** Gives an existing organisation an account, numbers and texts. */
export async function equipOrg(
  sql: postgres.Sql,
  id: string,
  { n, numbers, mps }: { n: number; numbers: number; mps: number },
): Promise<Omit<BenchOrg, "id">> {
  const accountSid = `AC${randomUUID().replaceAll("-", "")}`;
  const authToken = randomUUID().replaceAll("-", "");
  await sql`select private.set_twilio_account(${id}, ${accountSid}, ${authToken})`;
  const rows = Array.from({ length: numbers }, (_, i) => {
    const { areaCode } = PLACES[i % PLACES.length] as (typeof PLACES)[number];
    return { org_id: id, e164: `+1${areaCode}${4_440_000 + n * 1000 + i}`, mps };
  });
  const inserted = await sql`insert into public.phone_numbers ${sql(rows)} returning id, e164`;
  const templates = await sql`
    select id from public.templates
    where org_id = ${id} and category = 'initial' and language = 'es' and is_active order by name limit ${TEMPLATES}`;
  if (templates.length < TEMPLATES)
    throw new Error(`A new organisation has only ${templates.length} first texts.`);
  return {
    accountSid,
    authToken,
    numbers: inserted.map(({ id, e164 }) => ({ id, e164 })),
    templates: templates.map((row) => row.id),
  };
}
