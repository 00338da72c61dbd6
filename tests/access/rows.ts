// A row of every table of schema public for a test organisation. A table without a recipe here fails the tests by its name.
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { TestOrg } from "../fixtures/create-org.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows of any table
export type Row = Record<string, any>;

/** What a recipe can refer to. */
export interface RowsSoFar {
  org: TestOrg;
  /** A phone nobody else in the test has. */
  e164: string;
  /** A person of auth.users whom no organisation has. */
  strangerId: string;
  /** The rows made so far, by table. */
  row: Record<string, Row>;
}

export interface Recipe {
  /** A new row, different each time, that every constraint accepts. */
  make(o: RowsSoFar): Row;
  /** Every organisation of the tests has one already. */
  given?: true;
  /** The column that names the owner: org_id by default; null if rows have no owner. */
  owner?: "id" | null;
}

const DAY = 86_400_000;
const name = () => `Wall ${randomUUID()}`;
/** Messages that are never sent: workers leave them alone. */
const DONE = { status: "delivered", settled_at: "2026-01-01T00:00:00Z" };

/** In an order in which each row can refer to earlier ones. */
export const ROWS: Record<string, Recipe> = {
  orgs: { given: true, owner: "id", make: () => ({ name: name(), brand: "Wall" }) },
  users: {
    given: true,
    make: ({ org, strangerId }) => ({ id: strangerId, org_id: org.id, email: `${strangerId}@example.com` }),
  },
  invitations: {
    make: ({ org }) => ({
      org_id: org.id,
      email: `${randomUUID()}@example.com`,
      role: "viewer",
      invited_by: org.admin.id,
      token_hash: randomBytes(32),
    }),
  },
  twilio_accounts: {
    given: true,
    make: ({ org }) => ({ org_id: org.id, account_sid: `AC${randomBytes(16).toString("hex")}` }),
  },
  sending_limits: { given: true, make: ({ org }) => ({ org_id: org.id }) },
  a2p_registrations: {
    make: ({ org }) => ({
      org_id: org.id,
      messaging_service_sid: `MG${randomBytes(16).toString("hex")}`,
      status: "PENDING",
      checked_at: new Date(),
    }),
  },
  daily_spending: { make: ({ org }) => ({ org_id: org.id, day: randomDay(), cost: 1 }) },
  phone_numbers: { given: true, make: ({ org, e164 }) => ({ org_id: org.id, e164 }) },
  templates: {
    given: true,
    make: ({ org }) => ({
      org_id: org.id,
      category: "initial",
      language: "en",
      name: name(),
      content: "Hi",
      encoding: "GSM-7",
      worst_segments: 1,
    }),
  },
  template_versions: {
    given: true,
    make: ({ org, row }) => ({
      template_id: row.templates?.id,
      version: 99,
      org_id: org.id,
      content: "Hi",
      worst_segments: 1,
    }),
  },
  // Confirmed, and of an area that does not exist: nothing can be sent to it.
  test_phones: {
    make: ({ org }) => ({ org_id: org.id, e164: `+1999${randomInt(1e6, 1e7)}`, confirmed_at: new Date() }),
  },
  leads: { make: ({ org }) => ({ org_id: org.id, first_name: "Rosa", last_name: name() }) },
  lead_phones: {
    make: ({ org, row, e164 }) => ({ org_id: org.id, lead_id: row.leads?.id, e164, role: "primary" }),
  },
  lead_properties: {
    make: ({ org, row }) => ({ org_id: org.id, lead_id: row.leads?.id, apn: randomUUID(), county: "Travis" }),
  },
  segments: { make: ({ org }) => ({ org_id: org.id, name: name(), kind: "list" }) },
  campaign_blueprints: {
    make: ({ org }) => ({ org_id: org.id, name: name(), definition: { mps: 1 } }),
  },
  segment_leads: {
    make: ({ org, row }) => ({
      org_id: org.id,
      segment_id: row.segments?.id,
      lead_id: row.leads?.id,
    }),
  },
  enrichment_services: {
    make: ({ org }) => ({
      org_id: org.id,
      kind: "scrub",
      name: name(),
      url: "https://scrub.example.com/v1",
      request: { phones: "{phones}" },
      field_map: { phone: "phone", dnc: "dnc" },
    }),
  },
  enrichment_answers: {
    make: ({ org, row, e164 }) => ({
      org_id: org.id,
      service_id: row.enrichment_services?.id,
      subjects: [e164],
      answer: name(),
    }),
  },
  phone_scrubs: {
    make: ({ org, row, e164 }) => ({
      org_id: org.id,
      service_id: row.enrichment_services?.id,
      e164,
      result: "clean",
      scrubbed_at: new Date(),
    }),
  },
  lead_events: {
    make: ({ org, row }) => ({
      org_id: org.id,
      lead_id: row.leads?.id,
      kind: "status",
      old_value: "new",
      new_value: "contacted",
      cause: "manual",
    }),
  },
  campaigns: { make: ({ org }) => ({ org_id: org.id, name: name() }) },
  campaign_templates: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      template_id: org.templates.initial,
    }),
  },
  campaign_variants: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      variant: nextVariant(),
      name: name().slice(0, 40),
      share: 1,
    }),
  },
  carrier_caps: {
    make: ({ org }) => ({ org_id: org.id, carrier: name().toLowerCase(), daily_segments: 2000 }),
  },
  campaign_phone_numbers: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      phone_number_id: row.phone_numbers?.id,
    }),
  },
  campaign_targets: {
    make: ({ org, row, e164 }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      lead_id: row.leads?.id,
      e164,
      ordinal: 1,
      window_key: "America/Chicago|TX",
      state: "excluded",
      reason: "duplicate",
    }),
  },
  campaign_stats: {
    given: true,
    make: ({ org, row }) => ({ campaign_id: row.campaigns?.id, org_id: org.id }),
  },
  campaign_tests: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      metric: "replied",
      deadline: new Date(Date.now() + 30 * DAY),
    }),
  },
  campaign_test_looks: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      looked_at: new Date(),
      arms: [],
      comparisons: [],
      obstacles: ["too_close"],
    }),
  },
  campaign_rotation_looks: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      step: 1,
      looked_at: new Date(),
      template_id: randomUUID(),
      version: 1,
      people: 0,
      replied: 0,
      weighed_people: 0,
      weighed_replied: 0,
      share: 1,
    }),
  },
  campaign_steps: {
    make: ({ org, row }) => ({
      org_id: org.id,
      campaign_id: row.campaigns?.id,
      step: nextStep(),
      wait_hours: 24,
      stop_on: ["not_interested", "opted_out", "wrong_number", "do_not_contact"],
    }),
  },
  campaign_step_stats: {
    given: true,
    make: ({ org, row }) => ({
      campaign_id: row.campaigns?.id,
      step: row.campaign_steps?.step,
      org_id: org.id,
    }),
  },
  conversations: { make: ({ org, e164 }) => ({ org_id: org.id, e164, last_message: "Hola" }) },
  messages: {
    make: ({ org, row, e164 }) => ({
      org_id: org.id,
      kind: "reply",
      from_number: row.phone_numbers?.e164,
      to_number: e164,
      ...DONE,
      conversation_id: row.conversations?.id,
      content: name(),
    }),
  },
  labels: {
    make: ({ org }) => ({ org_id: org.id, name: name(), created_at: new Date(), updated_at: new Date() }),
  },
  conversation_labels: {
    make: ({ org, row }) => ({
      org_id: org.id,
      conversation_id: row.conversations?.id,
      label_id: row.labels?.id,
      added_at: new Date(),
    }),
  },
  conversation_events: {
    make: ({ org, row }) => ({
      org_id: org.id,
      conversation_id: row.conversations?.id,
      event: "noted",
      created_at: new Date(),
    }),
  },
  conversation_notes: {
    make: ({ org, row }) => ({
      org_id: org.id,
      conversation_id: row.conversations?.id,
      content: name(),
      created_at: new Date(),
      updated_at: new Date(),
    }),
  },
  quick_responses: {
    make: ({ org }) => ({
      org_id: org.id,
      title: name(),
      content: "Hi there",
      created_at: new Date(),
      updated_at: new Date(),
    }),
  },
  reply_spans: {
    make: ({ org, row }) => ({
      org_id: org.id,
      conversation_id: row.conversations?.id,
      opened_by_message: randomUUID(),
      opened_at: new Date("2026-01-01T00:00:00Z"),
      outcome: "dismissed",
      closed_at: new Date("2026-01-01T00:01:00Z"),
    }),
  },
  scheduled_texts: {
    make: ({ org, row }) => ({
      org_id: org.id,
      conversation_id: row.conversations?.id,
      content: name(),
      not_before: new Date("2099-01-01T00:00:00Z"),
      created_at: new Date(),
      updated_at: new Date(),
    }),
  },
  // Announced, and its file never came.
  message_media: {
    make: ({ org }) => ({
      org_id: org.id,
      direction: "outbound",
      content_type: "image/png",
      bytes: 9,
      sha256: randomBytes(32).toString("hex"),
      path: `${org.id}/${randomUUID()}`,
    }),
  },
  send_attempts: {
    make: ({ org, row }) => ({
      org_id: org.id,
      message_id: row.messages?.id,
      number: 1,
      worker_id: randomUUID(),
      outcome: "accepted",
      slot_at: new Date(),
      claimed_at: new Date(),
      settled_at: new Date(),
    }),
  },
  message_status_events: {
    make: ({ org, row }) => ({ org_id: org.id, message_id: row.messages?.id, status: name() }),
  },
  webhook_logs: { make: ({ org }) => ({ org_id: org.id, webhook_type: "inbound", payload: { Body: "?" } }) },
  opt_outs: { make: ({ org, e164 }) => ({ org_id: org.id, e164, source: "manual" }) },
  consent_records: {
    make: ({ org, e164 }) => ({ org_id: org.id, e164, status: "granted", method: "manual" }),
  },
  audit_events: { make: ({ org }) => ({ org_id: org.id, event_type: "wall_built" }) },
  alerts: { make: ({ org }) => ({ org_id: org.id, kind: "wall", severity: "info", message: name() }) },
  imports: {
    make: ({ org }) => ({
      id: randomUUID(),
      org_id: org.id,
      status: "completed",
      file_name: "owners.csv",
      file_bytes: 10,
      content_hash: randomBytes(32).toString("hex"),
      storage_path: `${org.id}/${randomUUID()}.csv`,
      encoding: "utf-8",
      delimiter: ",",
      columns: ["Phone"],
      mapping: {},
      finished_at: new Date(),
    }),
  },
  import_mappings: {
    make: ({ org }) => ({
      org_id: org.id,
      name: name(),
      columns: ["Phone"],
      mapping: { Phone: "primary_phone" },
      fingerprint: randomBytes(32).toString("hex"),
    }),
  },
  import_uploads: {
    make: ({ org }) => ({
      org_id: org.id,
      file_name: "owners.csv",
      file_bytes: 10,
      expires_at: "2026-01-01T00:00:00Z",
    }),
  },
  import_rejections: {
    make: ({ org, row }) => ({
      org_id: org.id,
      import_id: row.imports?.id,
      line: 2,
      reason: name(),
      raw: ["12"],
    }),
  },
  jobs: {
    make: ({ org }) => ({
      org_id: org.id,
      kind: "lead_export",
      status: "completed",
      required_role: "operator",
      input: { name: name() },
      finished_at: new Date(),
    }),
  },
  quiet_hour_rules: {
    make: ({ org }) => ({
      org_id: org.id,
      state: "TX",
      dow: 1,
      opens: "09:00",
      closes: "17:00",
      source: "our own policy",
      effective_from: randomDay(),
      reviewed_at: "2026-01-01",
    }),
  },
  consent_rules: {
    given: true,
    owner: null,
    make: () => ({ state: "TX", source: "none", effective_from: randomDay(), reviewed_at: "2026-01-01" }),
  },
};

let variants = 0;
/** 1 to 10, as the check requires. */
const nextVariant = () => (variants++ % 10) + 1;

let steps = 0;
const nextStep = () => (steps++ % 8) + 2;

function randomDay(): string {
  return new Date(Math.floor(Math.random() * 20_000) * DAY).toISOString().slice(0, 10);
}
