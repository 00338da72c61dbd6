// Who may do what with the tables and views of schema public. Roles are the lowest that may, always in their own
// organisation: another organisation's rows are never anybody's. What is not named is denied.
import type { Role } from "../../supabase/functions/_shared/http/roles.ts";

export const VERBS = ["select", "insert", "update", "delete"] as const;
export type Verb = (typeof VERBS)[number];
/** With columns: only those. */
export type Rule = Role | { role: Role; columns: string[] };

export interface TableExpectation extends Partial<Record<Verb, Rule>> {
  /** Besides the organisation's own rows, those without an owner. */
  platformRows?: true;
  /** An allowed change, if any role may change something. */
  patch?: Record<string, unknown>;
  /** What the service's own code may do. */
  service: readonly Verb[];
}

const READ = ["select"] as const;
const APPEND = ["select", "insert"] as const;

export const TABLES: Record<string, TableExpectation> = {
  a2p_registrations: { select: "viewer", service: READ },
  alerts: { select: "viewer", service: VERBS },
  audit_events: { select: "viewer", service: APPEND },
  campaign_phone_numbers: { select: "viewer", service: VERBS },
  campaign_stats: { select: "viewer", service: READ },
  campaign_step_stats: { select: "viewer", service: READ },
  campaign_steps: { select: "viewer", service: VERBS },
  campaign_rotation_looks: { select: "viewer", service: READ },
  campaign_test_looks: { select: "viewer", service: READ },
  campaign_tests: { select: "viewer", service: READ },
  campaign_targets: { select: "viewer", service: READ },
  campaign_templates: { select: "viewer", service: VERBS },
  campaign_variants: { select: "viewer", service: VERBS },
  campaigns: { select: "viewer", service: VERBS },
  carrier_caps: {
    select: "viewer",
    insert: { role: "admin", columns: ["org_id", "carrier", "daily_segments"] },
    update: { role: "admin", columns: ["carrier", "daily_segments"] },
    delete: "admin",
    patch: { daily_segments: 7 },
    service: VERBS,
  },
  consent_records: { select: "viewer", service: APPEND },
  consent_rules: { select: "viewer", platformRows: true, service: VERBS },
  conversations: { select: "viewer", service: VERBS },
  conversation_events: { select: "viewer", service: ["select", "insert", "delete"] },
  conversation_labels: { select: "viewer", service: ["select", "insert", "delete"] },
  conversation_notes: { select: "viewer", service: VERBS },
  labels: { select: "viewer", service: VERBS },
  quick_responses: { select: "viewer", service: VERBS },
  reply_spans: { select: "viewer", service: VERBS },
  scheduled_texts: { select: "viewer", service: VERBS },
  daily_spending: { select: "viewer", service: READ },
  import_mappings: {
    select: "viewer",
    insert: {
      role: "campaign_manager",
      columns: ["org_id", "name", "columns", "fingerprint", "mapping", "options"],
    },
    update: { role: "campaign_manager", columns: ["columns", "fingerprint", "mapping", "options"] },
    delete: "campaign_manager",
    patch: { options: { keep_case: true } },
    service: READ,
  },
  enrichment_answers: { select: "admin", service: READ },
  enrichment_services: {
    // The id of the secret in Vault can't be read.
    select: {
      role: "admin",
      columns: [
        "id",
        "org_id",
        "kind",
        "name",
        "url",
        "method",
        "request",
        "field_map",
        "secret_header",
        "has_secret",
        "batch_size",
        "daily_budget",
        "timeout_ms",
        "is_enabled",
        "is_automatic",
        "created_at",
        "updated_at",
      ],
    },
    service: [],
  },
  import_rejections: { select: "viewer", service: VERBS },
  import_uploads: { select: "viewer", service: READ },
  imports: { select: "viewer", service: VERBS },
  invitations: {
    // The hashes of their secrets can't be read.
    select: {
      role: "admin",
      columns: ["id", "org_id", "email", "role", "invited_by", "created_at", "expires_at"],
    },
    service: VERBS,
  },
  jobs: { select: "viewer", service: VERBS },
  lead_events: { select: "viewer", service: READ },
  lead_phones: { select: "viewer", service: VERBS },
  lead_properties: { select: "viewer", service: VERBS },
  leads: { select: "viewer", service: VERBS },
  message_media: {
    // Twilio's address of a file can't be read.
    select: {
      role: "viewer",
      columns: [
        "id",
        "org_id",
        "message_id",
        "ordinal",
        "direction",
        "provider_sid",
        "state",
        "reason",
        "content_type",
        "bytes",
        "sha256",
        "path",
        "attempts",
        "next_at",
        "uploaded_by",
        "created_at",
      ],
    },
    service: READ,
  },
  message_status_events: { select: "viewer", service: READ },
  messages: { select: "viewer", service: READ },
  opt_outs: { select: "viewer", service: VERBS },
  orgs: {
    select: "viewer",
    update: {
      role: "admin",
      columns: [
        "name",
        "brand",
        "support_contact",
        "language",
        "time_zone",
        "quiet_starts",
        "quiet_ends",
        "cooldown_days",
        "consent_policy",
        "mps",
        "daily_cap",
        "warmup_caps",
        "health_quarantine_below",
        "health_min_messages",
        "reply_hours",
        "hot_minutes",
        "assignment",
        "max_open",
        "return_minutes",
        "lookup_enabled",
        "lookup_daily_budget",
        "lookup_price",
      ],
    },
    patch: { support_contact: "wall" },
    service: VERBS,
  },
  phone_scrubs: { select: "viewer", service: READ },
  phone_numbers: { select: "viewer", service: VERBS },
  quiet_hour_rules: {
    select: "viewer",
    insert: "admin",
    update: "admin",
    delete: "admin",
    platformRows: true,
    patch: { source: "another policy of ours" },
    service: VERBS,
  },
  segment_leads: { select: "viewer", service: VERBS },
  segments: { select: "viewer", service: VERBS },
  campaign_blueprints: { select: "viewer", service: VERBS },
  send_attempts: { select: "viewer", service: READ },
  sending_limits: {
    select: "viewer",
    update: {
      role: "admin",
      columns: [
        "opt_out_rate",
        "opt_out_volume",
        "filtered_rate",
        "filtered_volume",
        "unknown_rate",
        "unknown_volume",
        "failed_rate",
        "failed_volume",
        "segment_price",
        "carrier_fee",
        "mms_price",
        "daily_spending_limit",
        "min_balance",
        "a2p_required",
      ],
    },
    patch: { failed_volume: 123 },
    service: VERBS,
  },
  template_versions: { select: "viewer", service: READ },
  templates: { select: "viewer", service: VERBS },
  test_phones: { select: "viewer", service: READ },
  twilio_accounts: {
    // The id of the token in Vault can't be read.
    select: {
      role: "admin",
      columns: [
        "org_id",
        "account_sid",
        "messaging_service_sid",
        "created_at",
        "updated_at",
        "balance",
        "balance_currency",
        "balance_checked_at",
      ],
    },
    service: VERBS,
  },
  // An admin changes the others' roles, never the own one: the last admin can't lock everybody out by mistake.
  users: { select: "viewer", service: VERBS },
  webhook_logs: { select: "admin", service: ["select", "insert", "delete"] },
};

/** Sequences of schema public and who besides their owner may use them: identity columns need no grant. */
export const SEQUENCES: Record<string, string[]> = {
  enrichment_answers_id_seq: [],
  import_rejections_id_seq: [],
  message_status_events_id_seq: [],
  phone_numbers_number_seq: [],
  quick_responses_number_seq: [],
  templates_number_seq: [],
  webhook_logs_id_seq: [],
};

/** Tables and views elsewhere that others than their owner may use. The rest of private and of the queues has no grants. */
export const MACHINE_TABLES: Record<string, Record<string, string>> = {
  "private.contacts": { service_role: "delete, insert, select, update" },
};
