// Which area each object of the database belongs to. The SQL that creates it says so: an object belongs to the area of its file.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PROJECT_DIR } from "../../run-tool.ts";

/** The areas in the order in which a newcomer reads them, each with what it holds. */
export const AREAS = {
  foundation: "What every area uses: errors, ids, checks of the shape of JSON, and Twilio's error codes.",
  identity: "Organisations, their people, invitations, roles, settings and quotas.",
  work: "Queues and jobs that all organisations share: whose turn it is, and what happens to work that fails.",
  compliance: "Opt-outs, consent, the audit trail and alerts.",
  imports: "CSV files on their way to leads: chunks, merging, rejected rows and undo.",
  leads: "Owners, their phones and parcels; search, statistics and history.",
  segments: "Saved filters and fixed lists of leads.",
  enrichment: "What other services know about a lead: phone lookups, parcels and scrubs.",
  duplicates: "Leads that may be one person, and how they are merged.",
  jobs: "Exports and bulk actions on leads, with their undo.",
  "quiet-hours": "When a person may be written to, and by which rule.",
  numbers: "Twilio accounts and phone numbers: their pace, daily caps, warm-up and health.",
  templates: "Texts and their versions.",
  campaigns: "Campaigns, their audience, their control and their figures.",
  sending: "Messages from plan to claim, settlement, receipts and rescue.",
  guard: "What stops campaigns and numbers by itself: limits, spending and registrations.",
  inbound: "What people write back.",
  erasure: "Removing a person and everything known about them.",
  realtime: "Live updates: who may join which channel, and what is broadcast.",
};

export type AreaName = keyof typeof AREAS;
export type ObjectKind = "function" | "relation" | "type" | "job" | "queue";

/** Gives the area of an object. @param name with its schema, except of jobs and queues. @throws Error if no file creates it */
export type FindArea = (kind: ObjectKind, name: string) => AreaName;

const SQL_FOLDER = "supabase/migrations";

/** The migrations that create something, by area. */
const MIGRATIONS: Record<AreaName, string> = {
  foundation: "foundation platform_tables shapes",
  identity: `identity sign_up organisation_settings bounded_settings organisation_values signed_in people invitations
    storage_quota`,
  work: "work_failures fair_queues active_work",
  compliance: "compliance suppression settings_audit",
  imports: `imports import_functions import_queue import_chunk import_outcomes import_merging import_merge_chunk
    import_merge_writes import_chunk_merging import_undo import_undo_chunk import_control import_uploads import_mappings
    import_values saved_mappings import_rows`,
  leads: `leads lead_functions lead_writes lead_search lead_values lead_filters lead_activity lead_condition search_leads
    own_values lead_phone_changes counties parcels lead_events move_leads moved_by_opt_outs lead_history known_phones
    lead_counts lead_count_upkeep lead_statistics lead_shapes lead_checks`,
  segments: "segments",
  enrichment: `outside_calls settle_outside_calls phone_lookups lookup_work enrichment_services scrubs enrichment_work
    enrichment_requests lanes_in_turn service_input`,
  duplicates: `merged_leads merge_values merge_rows merge_leads merge_api match_keys duplicate_edges match_leads
    duplicate_api match_apart duplicate_matching`,
  jobs: `lead_queues jobs job_queue job_steps exports bulk_changes bulk_actions bulk_undo exports_and_bulk_actions`,
  "quiet-hours": `quiet_hours_tables windows rule_versions rules_in_force window_state moved_leads explain_window
    quiet_hours_check`,
  numbers: `phone_numbers daily_caps rates number_outcomes number_scores number_control number_settings number_values`,
  templates: "templates",
  campaigns: `campaigns audience campaign_changes campaign_control campaign_api figures variants campaign_outlook
    check_figures campaign_audience target_keys campaign_shapes campaign_values`,
  sending: `messages supply plan claim settle receipts rescue worker_access schedule hot_rows plan_campaign next_worker
    late_evidence looks resolve_send apply_receipts plan_apart claim_apart receipt_details webhook_logs`,
  guard: `sending_limits breaker_since spending account_checks account_check_work start_gates circuit_breaker guard
    alert_upkeep guard_schedule guard_apart`,
  inbound: "inbound",
  erasure: "erase_person erase_api erase_outside",
  realtime: "realtime withheld_rows",
};

/** The area of a file of SQL. @param path inside SQL_FOLDER */
function areaOfFile(path: string): AreaName | undefined {
  const name = basename(path, ".sql").replace(/^\d+_/, "");
  const found = Object.entries(MIGRATIONS).find(([, names]) => names.split(/\s+/).includes(name));
  return found?.[0] as AreaName | undefined;
}

/** What creates an object: its kind, and the statement with the object's name. */
const CREATIONS: [ObjectKind, RegExp][] = [
  ["function", /^\s*create (?:or replace )?function ((?:public|private)\.\w+)/gim],
  ["relation", /^\s*create (?:or replace )?(?:table|view) (?:if not exists )?((?:public|private)\.\w+)/gim],
  ["type", /^\s*create (?:type|domain) ((?:public|private)\.\w+)/gim],
  ["job", /\bcron\.schedule\('([^']+)'/g],
  ["queue", /\bpgmq\.create\('([^']+)'/g],
];

/** Reads all SQL. An object that several files create belongs to the area of the first. */
export async function readAreas(): Promise<FindArea> {
  const found = new Map<string, { path: string; area: AreaName | undefined }>();
  const paths = (await readdir(join(PROJECT_DIR, SQL_FOLDER), { recursive: true })).sort();
  for (const path of paths.filter((name) => name.endsWith(".sql"))) {
    const text = await readFile(join(PROJECT_DIR, SQL_FOLDER, path), "utf8");
    const area = areaOfFile(path);
    for (const [kind, pattern] of CREATIONS)
      for (const [, name] of text.matchAll(pattern)) {
        const key = `${kind} ${name?.toLowerCase()}`;
        if (!found.has(key)) found.set(key, { path, area });
      }
  }
  return (kind, name) => {
    const { path, area } = found.get(`${kind} ${name}`) ?? {};
    if (path === undefined) throw new Error(`no file of ${SQL_FOLDER} creates the ${kind} ${name}`);
    if (area === undefined) throw new Error(`${SQL_FOLDER}/${path}: add it to an area in schema/areas.ts`);
    return area;
  };
}
