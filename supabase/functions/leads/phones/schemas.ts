// What phones of leads and their lookups look like on the wire.
import { z } from "zod";
import { oneLine, text } from "../../_shared/http/one-line.ts";
import { CONSENT_STATUSES, LINE_TYPES, PHONE_ROLES } from "../../_shared/leads/lead-values.ts";

export const leadPhone = z.object({
  id: z.uuid(),
  e164: z.string().describe("E.164"),
  role: z.enum(PHONE_ROLES),
  is_primary: z.boolean(),
  label: z.string().nullable(),
  consent_status: z.enum(CONSENT_STATUSES),
  is_valid: z.boolean(),
  invalid_reason: z
    .string()
    .nullable()
    .describe(
      "Why it is not valid: manual, wrong_number, twilio_ and an error code, lookup_ and Twilio's reason",
    ),
  line_type: z.enum(LINE_TYPES).nullable(),
  line_type_source: z
    .enum(["import", "lookup", "manual"])
    .nullable()
    .describe("Where line_type comes from: a file, Twilio or a person; each outranks the one before it"),
  carrier: z.string().nullable(),
  looked_up_at: z.string().nullable().describe("When Twilio Lookup last answered for it"),
  created_at: z.string(),
});
export type LeadPhone = z.output<typeof leadPhone>;

export const phoneChanges = z
  .strictObject({
    label: oneLine(100, 0).nullable().describe("What people call it, such as Office; null: no label"),
    consent_status: z.enum(CONSENT_STATUSES).describe("Recorded with who set it and when"),
    consent_evidence: text(0, 4000).describe(
      "How the person gave or withdrew consent; stored with the record",
    ),
    is_valid: z.boolean(),
    invalid_reason: oneLine(200, 0).describe("Why it is invalid; manual if left out"),
    line_type: z
      .enum(LINE_TYPES)
      .nullable()
      .describe("Outranks files and lookups; null leaves it to a lookup"),
  })
  .partial()
  .refine(
    (changes) => Object.keys(changes).some((key) => !["consent_evidence", "invalid_reason"].includes(key)),
    { message: "Give label, consent_status, is_valid or line_type." },
  )
  .refine((changes) => changes.invalid_reason === undefined || changes.is_valid === false, {
    path: ["invalid_reason"],
    message: "invalid_reason goes with is_valid: false.",
  })
  .refine((changes) => changes.consent_evidence === undefined || changes.consent_status !== undefined, {
    path: ["consent_evidence"],
    message: "consent_evidence goes with consent_status.",
  });

const count = z.number().int();
export const phoneFigures = z.object({
  phones: count.describe("Phones of all leads; a number that two leads have counts for both"),
  valid: count,
  invalid: count,
  looked_up: count,
  not_looked_up: count.describe("Twilio was never asked what kind of line they are"),
  line_type: z.object({
    mobile: count,
    landline: count,
    voip: count,
    toll_free: count,
    other: count,
    not_known: count.describe("No file, lookup or person has given a line type"),
  }),
  consent: z.object({ granted: count, denied: count, unknown: count }),
});

export const lookupRequest = z
  .strictObject({
    lead_ids: z.array(z.uuid()).min(1).max(10_000).optional().describe("The phones of these leads"),
    all: z.literal(true).optional().describe("All phones that were never looked up"),
    dry_run: z.boolean().default(false).describe("Only count, and estimate what it would cost"),
  })
  .refine((body) => (body.lead_ids === undefined) !== (body.all === undefined), {
    path: ["lead_ids"],
    message: "Give lead_ids or all: true.",
  });
export const requestedLookups = z.object({
  phones: count.describe(
    "Valid phones never looked up (for lead_ids: not within 90 days); for all, a number that two leads have counts for both",
  ),
  queued: count,
  already_queued: count,
  not_queued: count.describe("Phones beyond the 20,000 that are queued at a time: ask again for them"),
  unit_price: z.number().describe("US dollars per lookup: the setting lookup_price"),
  estimated_cost: z.number().describe("US dollars"),
  daily_budget: count,
  days: count.nullable().describe("How long it takes within the daily budget"),
});

export const LANE_STATES = ["idle", "working", "resting", "budget_spent", "failing"] as const;
/** What private.lane_status returns. */
export const laneStatus = {
  queued: count,
  oldest_queued_at: z.string().nullable(),
  given_up: count,
  done_today: count,
  charged_today: count.describe("Calls that count against the day's budget, those under way included"),
  budget_left: count,
  state: z.enum(LANE_STATES),
  failing_since: z.string().nullable(),
  failures: count.describe("Failed calls in a row"),
  rests_until: z.string().nullable(),
  last_error: z.string().nullable(),
  last_error_at: z.string().nullable(),
};
export const lookupStatus = z.object({
  is_enabled: z.boolean(),
  daily_budget: count,
  unit_price: z.number(),
  ...laneStatus,
});
