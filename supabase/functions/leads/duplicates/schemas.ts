// What duplicates and merges of leads look like on the wire.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";
import { lead } from "../lead/schemas.ts";

export const REASONS = ["phone", "owner"] as const;

export const duplicatesQuery = z.strictObject({
  ...pageFields,
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("Groups on a page, at most 200"),
  reason: z
    .enum(REASONS)
    .optional()
    .describe("Only groups by a shared phone, or only groups by name and mailing address"),
});

const confidence = z.enum(["certain", "likely"]);
export const duplicateGroup = z.object({
  leads: z.array(lead),
  links: z
    .array(
      z.object({
        lead_ids: z.tuple([z.uuid(), z.uuid()]),
        reason: z
          .enum(REASONS)
          .describe(
            "phone: both have the phone, in any role. owner: both have the same name and mailing address",
          ),
        phone: z.string().optional().describe("The phone both have, E.164"),
        confidence,
      }),
    )
    .describe("Which lead looks like which other, and why; empty for a lead without a duplicate"),
  confidence: confidence.describe("certain if a phone is shared"),
});

export const dismissal = z.strictObject({
  lead_ids: z.array(z.uuid()).min(2).max(20).describe("Leads of which each is a different owner"),
});

/** Fields of which one lead's value can be preferred over the others'. */
export const PREFERABLE = [
  "first_name",
  "last_name",
  "language",
  "email",
  "address1",
  "address2",
  "city",
  "state",
  "postal_code",
  "county",
  "source",
  "status",
  "lead_score",
] as const;

export const mergeInput = z.strictObject({
  keep_id: z.uuid().describe("The lead that stays"),
  merge_ids: z.array(z.uuid()).min(1).max(20).describe("The leads that become part of it"),
  prefer: z
    .partialRecord(z.enum(PREFERABLE), z.uuid())
    .optional()
    .describe(
      "By field: the id of the lead whose value it takes. A field not named keeps the kept lead's value; a blank is filled from the oldest lead that has one",
    ),
  dry_run: z.boolean().default(false).describe("Answer what would be done, and write nothing"),
});

const count = z.number().int();
export const merge = z.object({
  dry_run: z.boolean(),
  lead: lead.describe("The kept lead, as it is after the merge"),
  merged: z.array(z.uuid()),
  fields: z
    .record(
      z.string(),
      z.object({
        value: z.unknown(),
        from: z.uuid().optional().describe("The lead it is taken from"),
        because: z.enum(["blank_filled", "preferred", "heaviest", "hottest", "strictest"]),
      }),
    )
    .describe(
      `Fields for which a value was chosen, and why. Status: the heaviest in the order ${[...LEAD_STATUSES].reverse().join(", ")}; consent: the strictest`,
    ),
  tags_added: z.array(z.string()),
  custom_fields_added: z.record(z.string(), z.unknown()),
  left_over: z
    .object({ phones: z.array(z.string()), tags: z.array(z.string()), notes: count })
    .partial()
    .describe(
      "What did not fit (three phones, 50 tags, 10,000 characters of notes): it is kept in custom_fields as other_phones, other_tags, other_notes",
    ),
  not_taken: z
    .array(z.object({ field: z.string(), lead_id: z.uuid(), value: z.unknown() }))
    .describe("Values of the other leads that were not taken; the audit event leads_merged keeps them"),
  properties: z
    .object({
      moved: count,
      united: count.describe("Both had the parcel: it becomes one"),
      left: count.describe("They stay with the merged lead, since a lead has at most 100 parcels"),
    })
    .describe("Parcels"),
  targets: z.object({
    moved: count,
    canceled: count.describe("Not sent yet, and canceled so that nobody is written to twice"),
  }),
  history: z
    .object({
      conversations: count,
      messages: count,
      consent_records: count,
      audit_events: count,
      lead_events: count,
      segments: count.describe("Places on lists"),
    })
    .describe("Rows that belong to the kept lead now"),
});
