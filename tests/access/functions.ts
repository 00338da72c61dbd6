// Who may call which function. Of schema public: by REST, the lowest role that may, and what another organisation's ids do
// there. Of schema private: which database roles may, besides the owner. Whatever is not named may be called by nobody.
import { randomBytes, randomUUID } from "node:crypto";
import type { Role } from "../../supabase/functions/_shared/http/roles.ts";
import { nextPhone, type Side } from "./fill-org.ts";

export interface FunctionExpectation {
  role: Role;
  /** The role may what is its own; what is somebody else's, as in these tests, needs this one. */
  othersNeed?: Role;
  /** Whether service_role may call it too. */
  service?: true;
  /** Arguments about this side's rows; new ones each time if a call uses something up. */
  args(side: Side): object | Promise<object>;
  /**
   * The result with the other side's ids: 404 not found, 422 refused as input, empty an answer without their rows, own the
   * same as with unknown ids.
   */
  other: 404 | 422 | "empty" | "own";
}

const campaign = ({ row }: Side) => ({ p_campaign_id: row.campaigns?.id });
const leadImport = ({ row }: Side) => ({ p_import_id: row.imports?.id });
const file = () => ({
  file_name: "owners.csv",
  file_bytes: 5,
  content_hash: randomBytes(32).toString("hex"),
  encoding: "utf-8",
  delimiter: ",",
  columns: ["Phone"],
  next_byte: 0,
  next_line: 2,
});

export const FUNCTIONS: Record<string, FunctionExpectation> = {
  // About the caller's own organisation: its members get this reason.
  accept_invitation: {
    role: "viewer",
    other: 404,
    args: async (side) => ({ p_token: (await side.addInvitation()).token }),
  },
  change_role: {
    role: "admin",
    other: 404,
    args: ({ row }) => ({ p_user_id: row.users?.id, p_role: "viewer" }),
  },
  set_availability: {
    role: "operator",
    othersNeed: "admin",
    other: 404,
    args: ({ row }) => ({ p_user_id: row.users?.id, p_is_available: true }),
  },
  begin_media_upload: {
    role: "operator",
    other: "own",
    args: () => ({ p_content_type: "image/png", p_bytes: 9, p_sha256: randomBytes(32).toString("hex") }),
  },
  // Its file is not in Storage: callers with the right get this reason.
  finish_media_upload: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_media_id: row.message_media?.id }),
  },
  check_storage: { role: "campaign_manager", other: "own", args: () => ({ p_bytes: 10 }) },
  invite_person: {
    role: "admin",
    other: "own",
    args: () => ({ p_email: `${randomUUID()}@example.com`, p_role: "viewer" }),
  },
  remove_person: {
    role: "admin",
    other: 404,
    args: async (side) => ({ p_user_id: await side.addPerson() }),
  },
  withdraw_invitation: {
    role: "admin",
    other: 404,
    args: async (side) => ({ p_invitation_id: (await side.addInvitation()).id }),
  },
  add_parcel: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_lead_id: row.leads?.id, p_parcel: { apn: randomUUID() } }),
  },
  build_targets: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_dry_run: true }),
  },
  // It has ended and can't be changed: callers with the right get this reason.
  cancel_job: { role: "operator", other: 404, args: ({ row }) => ({ p_job_id: row.jobs?.id }) },
  // As it is already: that writes nothing.
  archive_campaign: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_is_archived: false }),
  },
  clone_campaign: { role: "campaign_manager", other: 404, args: campaign },
  create_campaign_of_blueprint: {
    role: "campaign_manager",
    other: 404,
    args: ({ row }) => ({
      p_blueprint_id: row.campaign_blueprints?.id,
      p_input: { name: `Wall ${randomUUID()}` },
    }),
  },
  delete_blueprint: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_blueprint_id: await side.addBlueprint() }),
  },
  save_blueprint: {
    role: "campaign_manager",
    other: 404,
    args: ({ row }) => ({
      p_blueprint_id: row.campaign_blueprints?.id,
      p_input: { name: `Wall ${randomUUID()}`, definition: { mps: 2 } },
    }),
  },
  schedule_campaign: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_at: null }),
  },
  campaign_figures: { role: "viewer", other: "empty", args: campaign },
  campaign_rotation: { role: "viewer", other: 404, args: campaign },
  campaign_test: { role: "viewer", other: 404, args: campaign },
  end_campaign_test: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_campaign_id: await side.addAbTest() }),
  },
  // It has not started: callers with the right get this reason.
  promote_variant: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_variant: "A" }),
  },
  set_campaign_test: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_input: { metric: "interested" } }),
  },
  test_size: {
    role: "viewer",
    other: 404,
    args: ({ row }) => ({ p_input: { baseline: 4, difference: 2, campaign_id: row.campaigns?.id } }),
  },
  campaign_outlook: { role: "viewer", other: "empty", args: campaign },
  template_performance: {
    role: "viewer",
    other: 404,
    args: async (side) => ({ p_template_id: await side.addTemplate() }),
  },
  // Takes no ids: it answers about the caller's own organisation.
  compare_templates: { role: "viewer", other: "own", args: () => ({}) },
  listed_criteria: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_campaign_ids: [row.campaigns?.id] }),
  },
  campaign_people: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_campaign_ids: [row.campaigns?.id] }),
  },
  campaign_preflight: { role: "viewer", other: 404, args: campaign },
  campaign_reasons: { role: "viewer", other: "empty", args: campaign },
  change_segment_leads: {
    role: "operator",
    service: true,
    other: 404,
    args: ({ row }) => ({ p_segment_id: row.segments?.id, p_add: [row.leads?.id] }),
  },
  count_leads: {
    role: "viewer",
    service: true,
    other: 422,
    args: ({ row }) => ({ p_filter: { segment_ids: [row.segments?.id] } }),
  },
  cancel_import: { role: "campaign_manager", other: 404, args: leadImport },
  create_campaign: {
    role: "campaign_manager",
    other: 422,
    args: ({ org, row }) => ({
      p_input: {
        name: `Wall ${randomUUID()}`,
        template_ids: [org.templates.initial],
        phone_number_ids: [row.phone_numbers?.id],
      },
    }),
  },
  create_export: {
    role: "operator",
    other: 422,
    args: ({ row }) => ({
      p_filter: { segment_ids: [row.segments?.id] },
      p_options: { format: "csv", rows_per: "lead" },
    }),
  },
  // This organisation has no file at the path of the other's import.
  create_import: {
    role: "campaign_manager",
    service: true,
    other: 422,
    args: async (side) => ({
      p_import_id: await side.storeFile(),
      p_file: file(),
      p_mapping: { Phone: "primary_phone" },
    }),
  },
  create_import_upload: {
    role: "campaign_manager",
    other: "own",
    args: () => ({ p_file_name: "owners.csv", p_file_bytes: 10 }),
  },
  // Another organisation's phone is treated like an unknown one: a refusal would reveal that it exists.
  create_lead: {
    role: "operator",
    service: true,
    other: "own",
    args: async (side) => ({ p_lead: { primary_phone: (await side.addLead()).e164 } }),
  },
  delete_lead: {
    role: "operator",
    service: true,
    other: 404,
    args: async (side) => ({ p_lead_id: (await side.addLead()).id }),
  },
  delete_segment: {
    role: "operator",
    service: true,
    other: 404,
    args: async (side) => ({ p_segment_id: await side.addSegment() }),
  },
  dismiss_duplicates: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_lead_ids: [(await side.addLead()).id, (await side.addLead()).id] }),
  },
  erase_lead: {
    role: "admin",
    other: 404,
    args: async (side) => {
      const { id, e164 } = await side.addLead();
      return { p_lead_id: id, p_confirm: e164 };
    },
  },
  // Another organisation's phone is treated like an unknown one.
  erase_phone: {
    role: "admin",
    other: "own",
    args: async (side) => ({ p_e164: (await side.addLead()).e164 }),
  },
  explain_window: {
    role: "viewer",
    other: 422,
    args: ({ row }) => ({ p_e164: row.lead_phones?.e164, p_lead_id: row.leads?.id }),
  },
  find_known_leads: {
    role: "campaign_manager",
    other: "empty",
    args: ({ row }) => ({ p_e164s: [row.lead_phones?.e164] }),
  },
  get_lead: {
    role: "viewer",
    service: true,
    other: 404,
    args: ({ row }) => ({ p_lead_id: row.leads?.id }),
  },
  list_enrichment_services: { role: "viewer", other: "own", args: () => ({}) },
  lookup_status: { role: "viewer", other: "own", args: () => ({}) },
  lead_duplicates: { role: "viewer", other: 404, args: ({ row }) => ({ p_lead_id: row.leads?.id }) },
  lead_history: { role: "viewer", other: 404, args: ({ row }) => ({ p_lead_id: row.leads?.id }) },
  list_duplicates: {
    role: "viewer",
    other: "own",
    args: ({ row }) => ({ p_after_rank: 1, p_after_id: row.leads?.id }),
  },
  merge_leads: {
    role: "operator",
    other: 404,
    args: async (side) => ({
      p_keep_id: (await side.addLead()).id,
      p_merge_ids: [(await side.addLead()).id],
    }),
  },
  lead_statistics: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_filter: { ids: [row.leads?.id] } }),
  },
  number_health: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_phone_number_id: row.phone_numbers?.id }),
  },
  number_usage: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_phone_number_ids: [row.phone_numbers?.id] }),
  },
  phone_figures: { role: "viewer", other: "own", args: () => ({}) },
  pause_campaign: { role: "campaign_manager", other: 404, args: campaign },
  read_known_mappings: { role: "viewer", other: "own", args: () => ({ p_columns: ["Phone"] }) },
  pause_import: { role: "campaign_manager", other: 404, args: leadImport },
  remove_enrichment_service: {
    role: "admin",
    other: 404,
    args: async (side) => ({ p_service_id: await side.addService() }),
  },
  remove_parcel: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_lead_id: side.row.leads?.id, p_property_id: await side.addParcel() }),
  },
  request_enrichment: {
    role: "campaign_manager",
    other: 404,
    args: ({ row }) => ({ p_service_id: row.enrichment_services?.id, p_dry_run: true }),
  },
  request_lookups: {
    role: "campaign_manager",
    other: "own",
    args: ({ row }) => ({ p_lead_ids: [row.leads?.id], p_dry_run: true }),
  },
  resolve_alert: { role: "operator", other: 404, args: ({ row }) => ({ p_alert_id: row.alerts?.id }) },
  resolve_campaign_sends: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_action: "retry" }),
  },
  resolve_send: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_message_id: row.messages?.id, p_action: "assume_sent" }),
  },
  review_answer: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_message_id: row.messages?.id, p_class: "reply" }),
  },
  resume_campaign: { role: "campaign_manager", other: 404, args: campaign },
  save_segment: {
    role: "operator",
    service: true,
    other: 404,
    args: ({ row }) => ({ p_segment_id: row.segments?.id, p_input: { name: `Wall ${randomUUID()}` } }),
  },
  resume_import: { role: "campaign_manager", other: 404, args: leadImport },
  save_enrichment_service: {
    role: "admin",
    other: 404,
    args: ({ row }) => ({ p_service_id: row.enrichment_services?.id, p_input: { daily_budget: 9 } }),
  },
  search_leads: {
    role: "viewer",
    service: true,
    other: "empty",
    args: ({ row }) => ({ p_filter: { search: row.leads?.last_name } }),
  },
  preflight_samples: { role: "viewer", other: "empty", args: campaign },
  set_number_status: {
    role: "admin",
    other: 404,
    args: ({ row }) => ({ p_phone_number_id: row.phone_numbers?.id, p_status: "paused" }),
  },
  start_bulk_action: {
    role: "operator",
    other: "empty",
    args: ({ row }) => ({
      p_input: { action: "set_status", filter: { ids: [row.leads?.id] }, value: "contacted", dry_run: true },
    }),
  },
  start_campaign: { role: "campaign_manager", other: 404, args: campaign },
  stop_campaign: { role: "campaign_manager", other: 404, args: campaign },
  // About templates. As it is already: that writes nothing.
  archive_template: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_template_id: await side.addTemplate(), p_is_archived: false }),
  },
  create_template: {
    role: "campaign_manager",
    other: "own",
    args: () => ({
      p_input: { name: `Wall ${randomUUID()}`, category: "custom", language: "en", content: "Hi there" },
    }),
  },
  duplicate_template: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_template_id: await side.addTemplate() }),
  },
  import_templates: {
    role: "campaign_manager",
    other: "own",
    args: () => ({ p_rows: [{ line: 2, fields: {} }], p_is_dry_run: true }),
  },
  lint_template: {
    role: "viewer",
    other: "own",
    args: () => ({ p_content: "Hi there", p_category: "custom", p_language: "en" }),
  },
  preview_values: {
    role: "viewer",
    other: 404,
    args: ({ row }) => ({ p_category: "custom", p_language: "en", p_lead_id: row.leads?.id }),
  },
  restore_template: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_template_id: await side.addTemplate(), p_version: 1 }),
  },
  update_template: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({
      p_template_id: await side.addTemplate(),
      p_input: { name: `Wall ${randomUUID()}` },
    }),
  },
  // It is there already; elsewhere it is no phone that anybody could have. So nothing is sent.
  add_test_phone: {
    role: "campaign_manager",
    other: 422,
    args: ({ row }) => ({ p_e164: row.test_phones?.e164 }),
  },
  // It is confirmed already: callers with the right get this reason, and nothing is sent.
  resend_test_code: {
    role: "campaign_manager",
    other: 404,
    args: ({ row }) => ({ p_test_phone_id: row.test_phones?.id }),
  },
  confirm_test_phone: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_test_phone_id: (await side.addTestPhone()).id, p_code: "123456" }),
  },
  remove_test_phone: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_test_phone_id: (await side.addTestPhone()).id }),
  },
  // The phone is not confirmed: callers with the right get this reason.
  send_campaign_test: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ ...campaign(side), p_to: (await side.addTestPhone()).e164 }),
  },
  // By the time of day it may be outside lawful hours: callers with the right get this reason then.
  send_direct: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_body: `Wall ${randomUUID()}`, p_lead_id: row.leads?.id }),
  },
  add_note: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({ p_conversation_id: row.conversations?.id, p_content: randomUUID() }),
  },
  change_note: {
    role: "operator",
    othersNeed: "admin",
    other: 404,
    args: ({ row }) => ({ p_id: row.conversation_notes?.id, p_content: randomUUID() }),
  },
  delete_note: {
    role: "operator",
    othersNeed: "admin",
    other: 404,
    args: async (side) => ({ p_id: await side.addNote() }),
  },
  answer_conversation: {
    role: "operator",
    other: 404,
    args: async (side) => ({
      p_id: await side.addConversation(),
      p_input: { content: `Wall ${randomUUID()}` },
    }),
  },
  change_conversations: {
    role: "operator",
    other: "own",
    args: ({ row }) => ({ p_ids: [row.conversations?.id], p_change: { is_read: true } }),
  },
  change_filtered_conversations: {
    role: "operator",
    other: "own",
    args: ({ row }) => ({ p_filter: { lead_id: row.leads?.id }, p_change: { is_read: true } }),
  },
  claim_conversation: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_id: await side.addConversation() }),
  },
  classify_conversation: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_id: await side.addConversation(), p_class: "question" }),
  },
  count_conversations: { role: "viewer", other: "own", args: () => ({}) },
  delete_label: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_id: await side.addLabel() }),
  },
  delete_quick_response: {
    role: "operator",
    othersNeed: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_id: await side.addQuickResponse() }),
  },
  list_conversations: {
    role: "viewer",
    other: "empty",
    args: ({ row }) => ({ p_filter: { lead_id: row.leads?.id } }),
  },
  read_conversation: { role: "viewer", other: 404, args: ({ row }) => ({ p_id: row.conversations?.id }) },
  read_thread: { role: "viewer", other: 404, args: ({ row }) => ({ p_id: row.conversations?.id }) },
  reply_times: {
    role: "viewer",
    other: "own",
    args: () => ({ p_from: "2026-01-01T00:00:00Z", p_to: "2026-02-01T00:00:00Z" }),
  },
  save_label: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({ p_id: await side.addLabel(), p_input: { name: `Wall ${randomUUID()}` } }),
  },
  save_quick_response: {
    role: "operator",
    othersNeed: "campaign_manager",
    other: 404,
    args: async (side) => ({
      p_id: await side.addQuickResponse(),
      p_input: { title: `Wall ${randomUUID()}` },
    }),
  },
  withdraw_scheduled: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_id: await side.addScheduled() }),
  },
  send_test: {
    role: "campaign_manager",
    other: 404,
    args: async (side) => ({
      p_template_id: await side.addTemplate(),
      p_to: (await side.addTestPhone()).e164,
    }),
  },
  undo_import: { role: "campaign_manager", other: 404, args: leadImport },
  undo_bulk_action: {
    role: "operator",
    other: 404,
    args: async (side) => ({ p_job_id: await side.addBulkAction() }),
  },
  update_campaign: {
    role: "campaign_manager",
    other: 404,
    args: (side) => ({ ...campaign(side), p_input: { name: `Wall ${randomUUID()}` } }),
  },
  update_lead_phone: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({
      p_lead_id: row.leads?.id,
      p_phone_id: row.lead_phones?.id,
      p_changes: { label: randomUUID() },
    }),
  },
  update_number: {
    role: "admin",
    other: 404,
    args: ({ row }) => ({ p_phone_number_id: row.phone_numbers?.id, p_input: { mps: 1 } }),
  },
  // Takes no ids: callers change their own organisation.
  update_organisation: {
    role: "admin",
    other: "own",
    args: () => ({ p_changes: { support_contact: randomUUID() } }),
  },
  update_parcel: {
    role: "operator",
    other: 404,
    args: ({ row }) => ({
      p_lead_id: row.leads?.id,
      p_property_id: row.lead_properties?.id,
      p_changes: { acreage: 7 },
    }),
  },
  update_lead: {
    role: "operator",
    service: true,
    other: 404,
    args: ({ row }) => ({ p_lead_id: row.leads?.id, p_changes: { secondary_phone: nextPhone() } }),
  },
};

/** Functions of schema private that users' policies and the wrappers in public call. */
const FOR_USERS = [
  "reply_hours_fault",
  "archive_template",
  "create_template",
  "duplicate_template",
  "import_templates",
  "lint_template",
  "preview_values",
  "restore_template",
  "update_template",
  "add_test_phone",
  "resend_test_code",
  "confirm_test_phone",
  "remove_test_phone",
  "send_campaign_test",
  "send_direct",
  "add_note",
  "change_note",
  "delete_note",
  "answer_conversation",
  "change_conversations",
  "change_filtered_conversations",
  "claim_conversation",
  "classify_conversation",
  "count_conversations",
  "delete_label",
  "delete_quick_response",
  "list_conversations",
  "read_conversation",
  "read_thread",
  "reply_times",
  "save_label",
  "save_quick_response",
  "withdraw_scheduled",
  "send_test",
  "add_parcel",
  "archive_campaign",
  "build_targets",
  "clone_campaign",
  "create_campaign_of_blueprint",
  "delete_blueprint",
  "save_blueprint",
  "schedule_campaign",
  "begin_media_upload",
  "cancel_job",
  "campaign_figures",
  "campaign_rotation",
  "campaign_test",
  "end_campaign_test",
  "promote_variant",
  "set_campaign_test",
  "test_size",
  "campaign_outlook",
  "campaign_people",
  "listed_criteria",
  "template_performance",
  "compare_templates",
  "campaign_preflight",
  "campaign_reasons",
  "change_segment_leads",
  "count_leads",
  "cancel_import",
  "create_campaign",
  "create_export",
  "create_import",
  "create_import_upload",
  "create_lead",
  "delete_lead",
  "delete_segment",
  "dismiss_duplicates",
  "erase_lead",
  "erase_phone",
  "explain_window",
  "find_known_leads",
  "finish_media_upload",
  "get_lead",
  "has_role",
  "list_enrichment_services",
  "lookup_status",
  "lead_duplicates",
  "lead_history",
  "list_duplicates",
  "merge_leads",
  "lead_statistics",
  "number_health",
  "number_usage",
  "org_id",
  "pause_campaign",
  "read_known_mappings",
  "pause_import",
  "phone_figures",
  "remove_enrichment_service",
  "remove_parcel",
  "request_enrichment",
  "request_lookups",
  "resolve_alert",
  "resolve_campaign_sends",
  "resolve_send",
  "review_answer",
  "resume_campaign",
  "save_segment",
  "resume_import",
  "save_enrichment_service",
  "search_leads",
  "preflight_samples",
  "set_number_status",
  "start_bulk_action",
  "start_campaign",
  "stop_campaign",
  "accept_invitation",
  "change_role",
  "check_storage",
  "invite_person",
  "remove_person",
  "set_availability",
  "withdraw_invitation",
  "topic_org_id",
  "undo_import",
  "undo_bulk_action",
  "update_campaign",
  "update_lead",
  "update_lead_phone",
  "update_number",
  "update_organisation",
  "update_parcel",
];
const FOR_IMPORTS = [
  "claim_import_chunk",
  "fail_import",
  "import_chunk",
  "release_import_chunk",
  "undo_import_chunk",
];
const FOR_JOBS = [
  "claim_file_removal",
  "claim_job_step",
  "drop_file_removal",
  "export_files",
  "export_page",
  "export_parts",
  "fail_job",
  "finish_export",
  "record_export_part",
  "release_file_removal",
  "release_job_step",
  "run_job_step",
];

const FOR_MEDIA = [
  "claim_media",
  "is_media_used",
  "media_secret",
  "outgoing_media",
  "postpone_media",
  "settle_media",
  "settle_provider_media",
];

export const PRIVATE_FUNCTIONS: Record<string, string[]> = {
  anon: [],
  authenticated: FOR_USERS,
  service_role: [
    "change_segment_leads",
    "count_leads",
    "delete_segment",
    "save_segment",
    "apn_key",
    "apn_text",
    "county_key",
    "county_keys",
    "parcel_counties",
    "parcel_key",
    "create_import",
    "create_lead",
    "create_org",
    "delete_lead",
    "fold_text",
    "get_lead",
    "has_role",
    "org_id",
    "queue_is_due",
    "reply_hours_fault",
    "search_leads",
    "set_twilio_account",
    "update_lead",
    ...FOR_IMPORTS,
  ],
  worker: [
    "apply_receipt",
    "apply_receipts",
    "call_background_worker",
    "call_worker",
    "charge_turn",
    "claim_build",
    "claim_enrichments",
    "claim_lookups",
    "claim_sends",
    "claim_sends_apart",
    "due_account_checks",
    "due_looks",
    "due_background_work",
    "due_work",
    "fail_build",
    "find_county",
    "give_up_look",
    "log_webhook",
    "plan_all",
    "plan_all_apart",
    "last_sent",
    "queue_is_due",
    "receive_inbound",
    "record_account_check",
    "record_enrichments",
    "record_look",
    "record_lookups",
    "record_text",
    "require_storage",
    "run_build",
    "service_to_test",
    "set_twilio_reachable",
    "settle_sends",
    "stale_import_files",
    "twilio_account_sids",
    "twilio_accounts_for",
    ...FOR_IMPORTS,
    ...FOR_JOBS,
    ...FOR_MEDIA,
  ],
};

/** Functions of schema public that run as their owner, with the reason. */
export const PUBLIC_DEFINERS: Record<string, string> = {};
