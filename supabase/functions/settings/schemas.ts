// What settings and alerts look like on the wire.
import { z } from "zod";
import { oneLine } from "../_shared/http/one-line.ts";
import { LANGUAGES } from "../_shared/leads/lead-values.ts";

const rate = (what: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .describe(`${what}: the share, 0 to 1, above which the circuit breaker acts; 1: never`);
const volume = (of: string) =>
  z.number().int().min(1).max(1_000_000).describe(`How many ${of} there must be before the rate is judged`);
const dollars = (most: number) => z.number().min(0).max(most);
const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "must be a time of day such as 20:00.");

const intervals = z
  .array(z.strictObject({ from: z.string(), to: z.string() }))
  .max(6)
  .optional();
/** Order and overlap of the intervals are checked by the database. */
const replyHours = z
  .strictObject({
    monday: intervals,
    tuesday: intervals,
    wednesday: intervals,
    thursday: intervals,
    friday: intervals,
    saturday: intervals,
    sunday: intervals,
    holidays: z.array(z.string()).max(100).optional(),
  })
  .refine(({ holidays: _, ...days }) => Object.values(days).some((one) => (one?.length ?? 0) > 0), {
    message: "must have at least one interval on one day, or be null for every hour.",
  });

/** Columns of public.orgs. */
export const organisationFields = {
  name: oneLine(200),
  brand: oneLine(25).describe("The organisation's name in messages"),
  support_contact: oneLine(100, 0)
    .nullable()
    .describe("Given in answers to HELP and AYUDA, and where a text says {support_contact}"),
  language: z.enum(LANGUAGES),
  time_zone: z.string().min(1).max(64).describe("An IANA name such as America/Chicago"),
  quiet_starts: timeOfDay,
  quiet_ends: timeOfDay,
  cooldown_days: z
    .number()
    .int()
    .min(0)
    .max(3650)
    .describe("Days for which other campaigns leave a phone alone after a message"),
  consent_policy: z.enum(["not_required", "required"]),
  mps: z.number().min(0.001).max(10_000).nullable().describe("Messages a second over all numbers"),
  daily_cap: z.number().int().min(0).max(100_000_000).nullable().describe("Messages a day over all numbers"),
  warmup_caps: z
    .array(z.number().int().min(1).max(1_000_000))
    .min(1)
    .max(60)
    .describe("Segments a day of a number in its warm-up, one value for each day from the first"),
  health_quarantine_below: z
    .number()
    .int()
    .min(0)
    .max(100)
    .describe("A number whose health falls under this is quarantined; 0: never"),
  health_min_messages: z
    .number()
    .int()
    .min(10)
    .max(100_000)
    .describe("Outcomes in 7 days before a number gets a score"),
  reply_hours: replyHours
    .nullable()
    .describe(
      "When people are answered: intervals {from, to} by day (monday to sunday), and holidays as dates; null: every hour",
    ),
  hot_minutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .describe("Within how many minutes of reply hours an interested person must have an answer"),
  assignment: z
    .enum(["off", "round_robin", "least_open"])
    .describe("The rule by which conversations that wait are given to people"),
  max_open: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .describe("Active conversations a person may have before the rule passes them over"),
  return_minutes: z
    .number()
    .int()
    .min(0)
    .max(1440)
    .describe(
      "Minutes of reply hours after which an unanswered conversation goes to somebody else; 0: never",
    ),
  lookup_enabled: z.boolean().describe("Look up the phones of new leads at Twilio: each costs money"),
  lookup_daily_budget: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .describe("Lookups a day at most, in the organisation's time zone"),
  lookup_price: dollars(99).describe("US dollars per lookup, for estimates"),
};

/** Columns of public.sending_limits. */
export const limitFields = {
  opt_out_rate: rate("Opt-outs among a campaign's sent messages of 24 hours"),
  opt_out_volume: volume("sent messages"),
  filtered_rate: rate(
    "Messages filtered as spam (30007) among a campaign's or number's sent messages of 24 hours",
  ),
  filtered_volume: volume("sent messages"),
  unknown_rate: rate("Messages of 24 hours whose outcome Twilio's list does not show"),
  unknown_volume: volume("posted messages"),
  failed_rate: rate("Failed and undelivered messages of 24 hours"),
  failed_volume: volume("sent and failed messages"),
  segment_price: dollars(99).describe("US dollars per segment that your Twilio account pays"),
  mms_price: dollars(99).describe("US dollars per message with pictures that your Twilio account pays"),
  carrier_fee: dollars(99).describe("US dollars per segment that carriers add"),
  daily_spending_limit: dollars(9_999_999)
    .nullable()
    .describe("Estimated US dollars a day, in the organisation's time zone; null: none"),
  min_balance: dollars(9_999_999)
    .nullable()
    .describe("Campaigns pause while Twilio's balance is under this; null: it is not read"),
  a2p_required: z
    .boolean()
    .describe("Also ask for a verified A2P registration of numbers without a messaging service"),
};

export const organisation = z.object({
  id: z.uuid(),
  ...organisationFields,
  ...limitFields,
  spent_today: z.number().describe("Estimated US dollars, a few seconds behind"),
  a2p_registrations: z.array(
    z.object({
      messaging_service_sid: z.string(),
      status: z.string().describe("VERIFIED, PENDING, IN_PROGRESS, FAILED, or NONE"),
      rate_limits: z.unknown(),
      errors: z.array(z.unknown()),
      checked_at: z.string(),
    }),
  ),
});
export const organisationChanges = z
  .strictObject({ ...organisationFields, ...limitFields })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one setting to change." });

export const ALERT_SEVERITIES = ["info", "warning", "critical"] as const;
export const alert = z.object({
  id: z.uuid(),
  kind: z.string().describe("What happened: docs/operations.md says what to do about each"),
  severity: z.enum(ALERT_SEVERITIES),
  message: z.string(),
  campaign_id: z.uuid().nullable(),
  phone_number_id: z.uuid().nullable(),
  details: z.record(z.string(), z.unknown()),
  created_at: z.string(),
  resolved_at: z.string().nullable(),
  resolved_by: z.uuid().nullable().describe("Null if it is open, or resolved because its cause ended"),
});
