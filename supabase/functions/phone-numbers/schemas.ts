// What phone numbers look like on the wire.
import { z } from "zod";
import { text } from "../_shared/http/one-line.ts";

export const NUMBER_STATUSES = ["active", "paused", "quarantined", "released"] as const;

const count = z.number().int();

export const phoneNumber = z.object({
  id: z.uuid(),
  e164: z.string(),
  status: z.enum(NUMBER_STATUSES),
  status_reason: z.string().nullable().describe("Why it is stopped"),
  health_score: count.nullable().describe("0 to 100 from what became of its messages; null: too few to say"),
  mps: z
    .number()
    .describe("Segments a second, at most: Twilio counts a long text as the segments it is sent in"),
  daily_cap: count.nullable().describe("Segments a day in its own time zone, at most"),
  time_zone: z.string(),
  quiet_starts: z.string(),
  quiet_ends: z.string(),
  warmup_started_on: z.string().nullable().describe("First day of its warm-up; null: it has none"),
  segments_today: count,
  segments_left: count.nullable().describe("Segments it can still send today; null: no cap"),
  is_open: z.boolean().describe("Whether its own hours are open"),
  opens_at: z.string().nullable().describe("If they are closed: when they open"),
  resting_until: z.string().nullable(),
  resting_reason: z.string().nullable(),
  reactivated_at: z.string().nullable().describe("Its health counts only messages from then on"),
  created_at: z.string(),
  updated_at: z.string(),
});

const outcomes = z.object({
  delivered: count,
  filtered: count.describe("Filtered or blocked (30007, 30004)"),
  unreachable: count.describe("Not delivered for reasons of the phone itself (30003, 30005, 30006)"),
  failed: count.describe("Failed at the carrier for any other reason"),
  unconfirmed: count.describe("Sent at least 4 hours ago, without a receipt since"),
  unknown: count.describe("Posted to Twilio, outcome not known"),
  opt_outs: count.describe("People who wrote STOP to it"),
});
export const numberDetail = phoneNumber.extend({
  health: z
    .object({
      outcomes: outcomes.describe("Of the last 7 days"),
      carriers: z
        .array(outcomes.extend({ carrier: z.string(), score: count.nullable() }))
        .describe("By the receiver's carrier, if it is known; the one that filters most comes first"),
    })
    .nullable()
    .describe("Null while no message has an outcome"),
});

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "must be a time of day such as 20:00.");
export const numberChanges = z
  .strictObject({
    mps: z.number().min(0.001).max(100),
    daily_cap: count.min(0).max(10_000_000).nullable(),
    time_zone: z.string().min(1).max(64),
    quiet_starts: time.describe("From this time on it sends nothing, in its own time zone"),
    quiet_ends: time,
    warmup_started_on: z.iso
      .date({ abort: true })
      .refine(
        (day) => day >= "2000-01-01" && day <= "2100-01-01",
        "must lie between the years 2000 and 2100.",
      )
      .nullable()
      .describe("Its warm-up begins on that day; null: no warm-up"),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one field to change." });

export const statusInput = z.strictObject({
  status: z
    .enum(["active", "paused", "quarantined"])
    .describe("active reactivates it; after a quarantine its health starts anew"),
  reason: text(1, 1000).optional().describe("Stored with the number while it is stopped"),
});
