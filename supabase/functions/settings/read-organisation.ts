// The organisation: its settings, its limits, what was spent today, and its A2P registrations.
import { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../_shared/db/parse-answer.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { limitFields, organisation, organisationFields } from "./schemas.ts";

export type Organisation = z.output<typeof organisation>;

const SETTINGS = ["id", ...Object.keys(organisationFields)].join(", ");
const LIMITS = Object.keys(limitFields).join(", ");
const ownSettings = z.object({ id: z.uuid(), ...organisationFields });
const ownLimits = z.object(limitFields);
const REGISTRATION = "messaging_service_sid, status, rate_limits, errors, checked_at";

/** @returns what everybody in the organisation may read */
export async function readOrganisation({ db, user }: UserContext): Promise<Organisation> {
  const [settings, limits, spending, registrations] = await Promise.all([
    db.from("orgs").select(SETTINGS).eq("id", user.orgId).single(),
    db.from("sending_limits").select(LIMITS).eq("org_id", user.orgId).single(),
    db
      .from("daily_spending")
      .select("day, cost")
      .eq("org_id", user.orgId)
      .order("day", { ascending: false })
      .limit(1)
      .maybeSingle(),
    db.from("a2p_registrations").select(REGISTRATION).eq("org_id", user.orgId).order("messaging_service_sid"),
  ]);
  const own = parseAnswer(settings, ownSettings);
  const last = dataOrThrow(spending);
  return {
    ...own,
    ...parseAnswer(limits, ownLimits),
    spent_today: last?.day === dayIn(own.time_zone) ? Number(last.cost) : 0,
    a2p_registrations: parseAnswer(registrations, organisation.shape.a2p_registrations),
  };
}

/** Today's date in a time zone, YYYY-MM-DD. */
function dayIn(timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(new Date());
}
