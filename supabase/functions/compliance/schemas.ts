// What a question about quiet hours and its answer look like on the wire.
import { z } from "zod";
import { instant } from "../_shared/http/instant.ts";
import { parseState } from "../_shared/leads/us-states.ts";
import { parsePhone } from "../_shared/sms/parse-phone.ts";

const phone = z
  .string()
  .max(100)
  .transform((value, ctx) => {
    const parsed = parsePhone(value);
    if (parsed.ok) return parsed.e164;
    ctx.addIssue({ code: "custom", message: parsed.message });
    return z.NEVER;
  })
  .describe("In any US format; write + as %2B");
const state = z
  .string()
  .max(100)
  .transform((value, ctx) => {
    const code = parseState(value);
    if (code !== null) return code;
    ctx.addIssue({ code: "custom", message: "Write a state of the United States, such as TX or Texas." });
    return z.NEVER;
  })
  .describe("The state of the person's mailing address");
export const quietHoursQuestion = z.strictObject({
  phone,
  state: state.optional(),
  lead_id: z.uuid().optional().describe("The lead whose mailing address counts, in place of state"),
  phone_number_id: z.uuid().optional().describe("The number to send from; its own hours count too"),
  campaign_id: z.uuid().optional().describe("The campaign whose override of quiet hours is checked"),
  at: instant.optional().describe("The moment to check; now if none is given"),
});

const time = z.string();
const because = z.array(z.enum(["area_code", "address", "unknown"]));

const rule = z.object({
  rule: z
    .string()
    .describe("org, number, federal, a state's postal abbreviation, or ?? if the place is not known"),
  time_zone: z.string(),
  local_time: z.string().describe("The checked moment in this time zone"),
  is_open: z.boolean(),
  open_until: time.nullable(),
  next_open_at: time.nullable(),
  open_today: z
    .array(z.object({ opens: z.string(), closes: z.string() }))
    .describe("When this rule is open on the local day, in local time"),
  max_per_24h: z.number().int().nullable(),
  closed_by_holiday: z.string().nullable(),
  is_own: z.boolean().describe("True if it is the organisation's rule, not the platform's"),
  is_default: z.boolean().describe("True if it is the default rule, because this state has none"),
  source: z.string(),
  reviewed_at: z.string().nullable().describe("When a person last checked the rule against its source"),
});

export const quietHoursCheck = z.object({
  phone: z.string(),
  at: time,
  may_send: z.boolean().describe("Whether a campaign's message would be sent at that moment"),
  blocked_by: z.array(z.enum(["quiet_hours", "number_quiet_hours", "last_minute", "daily_limit"])),
  is_open: z.boolean().describe("Whether every rule is open, the number's own hours among them"),
  open_until: time.nullable().describe("If open: when it closes, at most 9 days ahead"),
  next_open_at: time.nullable().describe("If closed: when it opens; null: not within 9 days"),
  area_code: z
    .object({
      area_code: z.string(),
      state: z.string(),
      time_zones: z.array(z.string()),
      overlay_of: z.string().nullable(),
    })
    .nullable(),
  address: z.object({
    state: z.string().nullable(),
    from: z
      .enum(["request", "lead", "phone"])
      .nullable()
      .describe("phone: from the lead that has this phone"),
  }),
  time_zones: z.array(
    z.object({ time_zone: z.string(), local_time: z.string(), because, holiday: z.string().nullable() }),
  ),
  states: z.array(z.object({ state: z.string(), because })),
  rules: z.array(rule),
  limit: z.object({
    max_per_24h: z.number().int().nullable(),
    used: z.number().int().describe("Campaign messages in the 24 hours before that moment"),
    room_at: time.nullable().describe("If it is used up: when there is room again"),
  }),
  reply: z.object({
    is_exempt: z.boolean().describe("Whether a reply to this person is exempt from quiet hours"),
    last_inbound_at: time.nullable(),
    exempt_until: time.nullable(),
  }),
  override: z
    .object({ campaign_id: z.uuid(), is_asked: z.boolean(), is_honoured: z.boolean() })
    .nullable()
    .describe("The override of the given campaign; honoured only against a Twilio simulator on this machine"),
});
