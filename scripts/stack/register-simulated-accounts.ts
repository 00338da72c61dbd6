// Registers the database's accounts and numbers at the Twilio simulator, which forgets them at each start.
import postgres from "postgres";
import type { AccountSpec } from "twilio-simulator";
import type { SimulatorControl } from "twilio-simulator/client";

type AccountRow = {
  org_id: string;
  account_sid: string;
  messaging_service_sid: string | null;
  auth_token: string | null;
  friendly_name: string;
};
type NumberRow = {
  e164: string;
  mps: string;
  twilio_sid: string | null;
  messaging_service_sid: string | null;
};

/**
 * Registers every organisation's account with its token, its numbers at their own pace, and its Messaging Services with
 * a verified A2P campaign. Returns the number of accounts; does nothing before the tables exist.
 * @param functionsUrl base of the URL for inbound texts: `<functionsUrl>/twilio/inbound`
 */
export async function registerSimulatedAccounts(
  simulator: SimulatorControl,
  adminUrl: string,
  functionsUrl: string,
): Promise<number> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql`select to_regclass('public.twilio_accounts') is not null as present`;
    if (!row?.present) return 0;
    const accounts = await sql<AccountRow[]>`
      select a.org_id, a.account_sid, a.messaging_service_sid, s.decrypted_secret as auth_token, o.name as friendly_name
      from public.twilio_accounts a
      join public.orgs o on o.id = a.org_id
      left join vault.decrypted_secrets s on s.id = a.auth_token_secret_id`;
    let registered = 0;
    for (const account of accounts) {
      if (!account.auth_token) continue;
      const numbers = await sql<NumberRow[]>`
        select e164, mps, twilio_sid, messaging_service_sid from public.phone_numbers
        where org_id = ${account.org_id} and status <> 'released'`;
      await simulator.register(describeAccount(account, numbers, `${functionsUrl}/twilio/inbound`));
      registered += 1;
    }
    return registered;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function describeAccount(account: AccountRow, numbers: NumberRow[], inboundUrl: string): AccountSpec {
  const serviceOf = (number: NumberRow) =>
    number.messaging_service_sid ?? account.messaging_service_sid ?? undefined;
  const services = new Set(numbers.map(serviceOf).concat(account.messaging_service_sid ?? undefined));
  return {
    accountSid: account.account_sid,
    authToken: account.auth_token ?? "",
    friendlyName: account.friendly_name,
    services: [...services]
      .filter((sid) => sid !== undefined)
      .map((sid) => ({ sid, inboundRequestUrl: inboundUrl, campaign: { status: "VERIFIED", mps: 1000 } })),
    numbers: numbers.map((number) => ({
      phoneNumber: number.e164,
      smsUrl: inboundUrl,
      mps: Number(number.mps),
      ...(number.twilio_sid ? { sid: number.twilio_sid } : {}),
      ...(serviceOf(number) ? { serviceSid: serviceOf(number) } : {}),
    })),
  };
}
