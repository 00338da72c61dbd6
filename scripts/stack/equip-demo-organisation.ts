// Gives the demo organisation what a land buyer needs to begin: a Twilio account (a simulated one) with a messaging service,
// whose A2P registration the simulator has verified, and ten numbers.
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { DEMO_EMAIL } from "./create-demo-user.ts";

/** Fictional numbers (555-0100 to 555-0199) in states where rural land is bought and sold. */
const NUMBERS = [
  "+12145550141",
  "+12815550142",
  "+15055550143",
  "+15125550144",
  "+16025550145",
  "+17195550146",
  "+18135550147",
  "+19155550148",
  "+19285550149",
  "+19565550150",
];
/** Given in answers to HELP and AYUDA. */
const SUPPORT_CONTACT = "help@demo-land.example";
/** Messages a second of each number, as an approved campaign on ten-digit numbers gets. */
const MPS = 10;

/**
 * Does it once: an organisation that has a Twilio account, with or without numbers, is left alone. Does nothing if the demo
 * user has no organisation.
 * @param databaseUrl URL of the role `postgres`
 */
export async function equipDemoOrganisation(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [schema] = await sql`select to_regclass('public.twilio_accounts') is not null as present`;
    if (!schema?.present) return;
    await sql.begin(async (tx) => {
      const [demo] = await tx`
        select u.org_id from public.users u
        where u.email = ${DEMO_EMAIL}
          and not exists (select from public.twilio_accounts a where a.org_id = u.org_id)`;
      if (!demo) return;
      const hex = () => randomBytes(16).toString("hex");
      await tx`select private.set_twilio_account(${demo.org_id}, ${`AC${hex()}`}, ${hex()}, ${`MG${hex()}`})`;
      await tx`
        update public.orgs set support_contact = coalesce(support_contact, ${SUPPORT_CONTACT})
        where id = ${demo.org_id}`;
      const rows = NUMBERS.map((e164) => ({ org_id: demo.org_id, e164, mps: MPS, twilio_sid: `PN${hex()}` }));
      await tx`insert into public.phone_numbers ${tx(rows)} on conflict (e164) do nothing`;
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
