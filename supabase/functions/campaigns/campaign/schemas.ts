// What campaigns look like on the wire.
import { z } from "zod";
import { Constants } from "../../_shared/db/database.types.ts";
import { instant } from "../../_shared/http/instant.ts";
import { exactText, oneLine, text } from "../../_shared/http/one-line.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";
import { LANGUAGES, LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";
import { testInput } from "../tests/schemas.ts";
import { hasOneList, step, stepsInput, TWO_LISTS } from "./steps.ts";

export const CAMPAIGN_STATUSES = Constants.public.Enums.campaign_status;
export const TARGET_STATES = Constants.public.Enums.target_state;

/** Accepts any text in the form of a UUID, as the database does. */
const id = z.guid();
const words = (what: string, most = 1000) => z.array(oneLine(200)).max(most).optional().describe(what);

export const targetCriteria = z
  .strictObject({
    lead_ids: z.array(id).max(10_000).optional().describe("Only these leads"),
    tags: words("Leads with any of these tags", 100),
    counties: words("Leads whose land is in any of these counties"),
    states: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z]{2}$/, "must be a postal abbreviation such as TX.")
          .toUpperCase(),
      )
      .max(60)
      .optional()
      .describe("Leads whose mailing address is in any of these states"),
    statuses: z.array(z.enum(LEAD_STATUSES)).max(LEAD_STATUSES.length).optional(),
    import_id: id.optional().describe("Leads that came with this import"),
    segment_ids: z
      .array(id)
      .max(20)
      .optional()
      .describe("Leads in any of these segments, as they are when it is built"),
    filter: leadFilter
      .omit({ ids: true, segment_ids: true, deleted: true })
      .optional()
      .describe("Any other filter of leads; the fields beside it win over it"),
    never_contacted: z.boolean().optional().describe("Only phones no campaign has written to"),
    exclude_campaign_ids: z
      .array(id)
      .max(20)
      .optional()
      .describe("Nobody who is in the audience of one of these campaigns, by phone or lead"),
    failed_in_campaign_id: id.optional().describe("Only phones to which this campaign failed to send"),
    unanswered_campaign_id: id
      .optional()
      .describe("Only phones to which this campaign sent, and which have not written since"),
  })
  .describe("Which leads: those that match every given criterion, or every lead if none is given");

const variantInput = z.strictObject({
  name: oneLine(40),
  share: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .describe("Its part of the audience, relative to the sum of all shares"),
  template_ids: z.array(id).min(1).max(200),
});

const fields = {
  name: oneLine(200),
  description: text(0, 2000).nullable(),
  template_category: z.enum(["initial", "followup"]),
  template_ids: z
    .array(id)
    .min(1)
    .max(200)
    .describe("Templates to rotate; by default every active one of the category and language"),
  template_weights: z
    .record(id, z.number().int().min(1).max(1000))
    .refine((weights) => Object.keys(weights).length <= 200, "must have at most 200 entries.")
    .describe("Weight of a template by its id: how often it is used relative to the others; 1 if not named"),
  variants: z
    .array(variantInput)
    .min(2)
    .max(10)
    .refine((variants) => new Set(variants.map(({ name }) => name)).size === variants.length, {
      message: "Give each variant a name of its own.",
    })
    .describe("An A/B test: the audience is split exactly by share, and each part gets its own templates"),
  steps: stepsInput,
  phone_number_ids: z
    .array(id)
    .max(400)
    .describe("Numbers to send from; by default every number of the organisation"),
  target_criteria: targetCriteria,
  phones: z.enum(["primary", "all"]).describe("Write to the primary phone of a lead, or to all of them"),
  mps: z
    .number()
    .min(0.001)
    .max(1000)
    .nullable()
    .describe("Messages a second, at most; null: as fast as its numbers"),
  daily_cap: z.number().int().min(0).max(10_000_000).nullable().describe("Messages a day, at most"),
  cooldown_days: z
    .number()
    .int()
    .min(0)
    .max(3650)
    .nullable()
    .describe(
      "Days that must have passed since another campaign wrote to a phone; null: the organisation's setting",
    ),
  quiet_hours_override: z
    .boolean()
    .describe("Send at any hour: only against a Twilio simulator on this machine"),
  retry_undelivered: z
    .boolean()
    .describe("Also retry messages that failed with 30003, 30008 or 30500, which may have reached a carrier"),
  rotation: z
    .enum(["even", "thompson"])
    .describe(
      "How the texts of a step take turns: by their weights, or more often those that people reply to more. " +
        "Not with variants",
    ),
  scheduled_at: instant.nullable().describe("Start at this time instead of at once"),
};

export const campaignInput = z
  .strictObject({
    ...z.strictObject(fields).partial().shape,
    name: fields.name,
    language: z.enum(LANGUAGES).optional().describe("Language of the templates used by default"),
    texts: z
      .array(
        z.strictObject({
          id: id.describe("A new id of your choice, by which template_ids, variants and steps name it"),
          content: exactText(4000),
          category: z.enum(["initial", "followup"]),
          language: z.enum(LANGUAGES),
        }),
      )
      .max(20)
      .optional()
      .describe("Templates that are created with the campaign, under its name; all or nothing"),
    test: testInput
      .optional()
      .describe("The A/B test of its variants, as PUT /campaigns/{id}/test sets it up"),
  })
  .refine(hasOneList, TWO_LISTS);
export const campaignChanges = z
  .strictObject(fields)
  .partial()
  .refine(hasOneList, TWO_LISTS)
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one field to change." });

const count = z.number().int();
export const figures = z.object({
  audience: count.describe("= excluded + canceled + waiting + queued + sending + unknown + sent + failed"),
  excluded: count,
  canceled: count,
  waiting: count,
  queued: count,
  sending: count,
  unknown: count.describe("Posted to Twilio, outcome not known yet"),
  sent: count.describe("= delivered + undelivered + unconfirmed"),
  failed: count,
  delivered: count,
  undelivered: count,
  unconfirmed: count,
});
/** A campaign's figures at this instant, with the number of targets that a person must look at. */
export const currentFigures = figures.extend({ needs_attention: count });

const countByReason = z.record(z.string(), count);
export const reasons = z.object({ excluded: countByReason, canceled: countByReason, failed: countByReason });

export const audienceCounts = z.object({
  audience: count,
  targets: count,
  not_looked_up: count.describe("Targets whose phone's line type is not known"),
  excluded: count,
  reasons: countByReason,
});
export type AudienceCounts = z.output<typeof audienceCounts>;

export const stats = z.object({
  ...figures.shape,
  replies: count.describe("People who answered"),
  opt_outs: count,
  segments: count,
  updated_at: z.string().describe("When these figures were folded: at most a second behind"),
});

const OUTLOOK_REASONS = [
  "no_active_template",
  "no_active_number",
  "account_resting",
  "org_daily_cap",
  "campaign_daily_cap",
  "numbers_resting",
  "numbers_full",
  "numbers_outside_hours",
  "outside_hours",
  "put_off",
  "nothing_waiting",
  "number_pace",
  "campaign_pace",
  "org_pace",
] as const;
export const outlook = z
  .object({
    can_send: z.boolean(),
    next_at: z
      .string()
      .nullable()
      .describe(
        "It can't send before then; null if it can send now, if a person must act, or if no target is waiting",
      ),
    in_flight: count.describe("Targets queued or being posted"),
    reasons: z.array(
      z.object({
        reason: z.enum(OUTLOOK_REASONS),
        count: count.nullable().describe("How many numbers or people it concerns"),
        until: z
          .string()
          .nullable()
          .describe(
            "When the first of them is free; null if none becomes free by itself, or if it is not known",
          ),
        time_zone: z.string().nullable().describe("The time zone whose day ends then"),
      }),
    ),
  })
  .describe("What holds back numbers or people of a running campaign");

export const campaign = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  status: z.enum(CAMPAIGN_STATUSES),
  status_reason: z.string().nullable(),
  needs_attention: z.string().nullable().describe("Why it can't go on by itself"),
  template_category: z.string(),
  target_criteria: z
    .record(z.string(), z.unknown())
    .describe(
      "In lists without parts of more than 4,000 bytes, such as thousands of lead_ids: left_out names them",
    ),
  phones: z.string(),
  mps: z.number().nullable(),
  daily_cap: count.nullable(),
  cooldown_days: count.nullable(),
  quiet_hours_override: z.boolean(),
  retry_undelivered: z.boolean(),
  rotation: z.string(),
  scheduled_at: z.string().nullable(),
  built_at: z.string().nullable(),
  starts_when_built: z.boolean().describe("It is being built, and starts as soon as that is done"),
  started_at: z.string().nullable(),
  paused_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  archived_at: z.string().nullable().describe("Since when it is out of the list; null if it is not"),
  created_at: z.string(),
  updated_at: z.string(),
  stats: stats.nullable(),
});
export const campaignDetail = campaign.extend({
  template_ids: z.array(z.uuid()),
  template_weights: z.record(z.uuid(), count),
  variants: z
    .array(
      z.object({
        name: z.string(),
        share: count,
        template_ids: z.array(z.uuid()),
        assigned: count.describe("Targets of the built audience that are in this variant"),
      }),
    )
    .describe("Empty: no A/B test"),
  steps: z.array(step).describe("What follows the first text; empty: nothing"),
  phone_number_ids: z.array(z.uuid()).describe("Empty: every number of the organisation"),
});

export const target = z.object({
  id: z.uuid(),
  lead_id: z.uuid(),
  e164: z.string(),
  step: count,
  variant: count.nullable().describe("Which of the campaign's variants, from 1; null: no A/B test"),
  state: z.enum(TARGET_STATES),
  delivery: z.string().nullable(),
  reason: z.string().nullable(),
  attempts: count,
  error_code: count.nullable(),
  needs_attention: z.string().nullable(),
  message_id: z.uuid().nullable(),
  phone_number_id: z.uuid().nullable(),
  sent_at: z.string().nullable(),
  created_at: z.string(),
});
