// What conversations look like on the wire.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { job } from "../../_shared/jobs/job.ts";

export const CONVERSATION_STATUSES = ["active", "snoozed", "archived", "deleted"] as const;
export const REPLY_CLASSES = [
  "interested",
  "question",
  "not_interested",
  "wrong_number",
  "deceased",
  "stop",
  "help",
  "start",
  "other",
] as const;

const time = z.string().nullable();

export const conversation = z.object({
  id: z.uuid(),
  e164: z.string().describe("The person's phone"),
  lead_id: z.uuid().nullable(),
  lead_name: z.string().nullable(),
  lead_status: z.string().nullable(),
  lead_tags: z.array(z.string()),
  phone_number_id: z.uuid().nullable(),
  from_number: z.string().nullable().describe("Our number that the person knows"),
  campaign_id: z.uuid().nullable().describe("The campaign that the person last answered"),
  campaign_name: z.string().nullable(),
  status: z.enum(CONVERSATION_STATUSES),
  snoozed_until: time,
  unread_count: z.number().int().describe("Texts of the person that nobody has read"),
  is_starred: z.boolean(),
  version: z
    .number()
    .int()
    .describe("Grows with each text and each answer that waits; send it as seen_version with an answer"),
  last_message: z.string().nullable().describe("The beginning of the last text"),
  last_message_at: z.string(),
  last_direction: z.enum(["inbound", "outbound"]).nullable(),
  first_inbound_at: time.describe("When the person first wrote; null while only we did"),
  assignee_id: z.uuid().nullable(),
  assigned_at: time,
  reply_class: z.enum(REPLY_CLASSES).nullable().describe("What the person last said"),
  class_source: z.enum(["rules", "person"]).nullable(),
  waiting_since: time.describe("When the person wrote what nobody has answered yet"),
  hot_since: time.describe("Since when the person is interested"),
  hot_due_at: time.describe("When an interested person must have their answer"),
  is_overdue: z.boolean().describe("Whether an interested person waits longer than that"),
  escalated_at: time.describe("When the managers were told that they still wait"),
  claimed_by: z.uuid().nullable().describe("Who is writing an answer, until claimed_until"),
  claimed_until: time,
  label_ids: z.array(z.uuid()),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Conversation = z.output<typeof conversation>;

const flag = z.stringbool();

export const conversationFilter = z.strictObject({
  statuses: z.array(z.enum(CONVERSATION_STATUSES)).min(1).max(4).optional().describe("active if left out"),
  assignee: z
    .string()
    .regex(/^(me|none|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/, "must be me, none or the id of a person.")
    .optional(),
  label_ids: z.array(z.uuid()).min(1).max(20).optional().describe("All of these labels"),
  classes: z
    .array(z.enum([...REPLY_CLASSES, "none"]))
    .min(1)
    .max(10)
    .optional(),
  unread: z.boolean().optional(),
  waiting: z.boolean().optional(),
  hot: z.boolean().optional(),
  starred: z.boolean().optional(),
  campaign_id: z.uuid().optional(),
  phone_number_id: z.uuid().optional(),
  lead_id: z.uuid().optional(),
  search: z.string().max(200).optional(),
});

const { shape } = conversationFilter;

export const conversationQuery = z.strictObject({
  page: pageFields.page,
  skip: pageFields.skip,
  cursor: pageFields.cursor,
  limit: z.coerce.number().int().min(1).max(500).default(50).describe("Conversations on a page, at most 500"),
  status: shape.statuses,
  assignee: shape.assignee.describe("me, none (nobody) or the id of a person"),
  label: shape.label_ids,
  class: shape.classes.describe("What the person last said; none: nothing yet"),
  unread: flag.optional(),
  waiting: flag.optional().describe("The person wrote, and nobody has answered"),
  hot: flag.optional().describe("The person is interested"),
  starred: flag.optional(),
  campaign_id: shape.campaign_id,
  phone_number_id: shape.phone_number_id,
  lead_id: shape.lead_id,
  q: shape.search.describe("Names, phones, addresses, parcels, or words of a text"),
});

export const conversationCounts = z
  .object({
    active: z.number().int(),
    unread: z.number().int(),
    waiting: z.number().int(),
    hot: z.number().int(),
    mine: z.number().int(),
    unassigned: z.number().int(),
    starred: z.number().int(),
    snoozed: z.number().int(),
    archived: z.number().int(),
  })
  .describe("1,000 means as many or more; all but the last two are active ones");

/** A change of one conversation or of many, as the database reads it. */
export const conversationChange = z.strictObject({
  is_read: z.boolean().optional(),
  is_starred: z.boolean().optional(),
  status: z
    .enum(["active", "archived", "deleted"])
    .optional()
    .describe("deleted: hidden until they write again"),
  snoozed_until: z.iso.datetime({ offset: true }).optional(),
  assignee_id: z.uuid().nullable().optional().describe("null: nobody"),
  label_ids: z.array(z.uuid()).max(20).optional().describe("Exactly these labels"),
  add_label_ids: z.array(z.uuid()).max(20).optional(),
  remove_label_ids: z.array(z.uuid()).max(20).optional(),
  dismiss: z.literal(true).optional().describe("The person needs no answer: the clock of the reply stops"),
});

export const bulkChange = z
  .strictObject({
    ids: z.array(z.uuid()).min(1).max(500).optional().describe("These conversations, at most 500"),
    filter: conversationFilter
      .optional()
      .describe("All conversations that fit, in place of ids; an empty one means all active ones"),
    change: conversationChange,
    dry_run: z.boolean().default(false).describe("Only with a filter: counts, and changes nothing"),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    path: ["ids"],
    message: "Give ids, or a filter in their place.",
  })
  .refine(({ ids, dry_run }) => !(ids && dry_run), {
    path: ["dry_run"],
    message: "Only what a filter finds can be counted first: leave dry_run out.",
  })
  .describe("The same change of many conversations");

export const changedByIds = z.object({ changed: z.number().int(), not_found: z.number().int() });

export const bulkChanged = z.object({
  matched: z
    .number()
    .int()
    .describe("How many of the ids are yours, or how many conversations the filter finds"),
  matched_is_estimate: z
    .boolean()
    .describe("Whether there are as many or more: they were not counted further"),
  changed: z.number().int().describe("How many are changed already; 0 if a job does it"),
  not_found: z.number().int().describe("How many of the ids are no conversation of yours"),
  job: job.nullable().describe("What changes more than 500; read it at /leads/jobs/{id}"),
});

export const conversationEvent = z.object({
  id: z.uuid(),
  conversation_id: z.uuid(),
  event: z.string(),
  actor_id: z.uuid().nullable().describe("Who did it; null: a rule"),
  details: z.record(z.string(), z.unknown()),
  created_at: z.string(),
});
