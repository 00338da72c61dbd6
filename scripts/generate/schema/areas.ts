// Which area each object of the database belongs to. The SQL that creates it says so: an object belongs to the area of its file.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_DIR } from "../../tools/run-tool.ts";

/** The areas in the order in which a newcomer reads them, each with its contents. */
export const AREAS = {
  foundation: "What every area uses: errors, ids, checks of the shape of JSON, and Twilio's error codes.",
  identity: "Organisations, their people, invitations, roles, settings and quotas.",
  work: "Queues and jobs that all organisations share: whose turn it is, and what happens to work that fails.",
  requests: "Requests that come twice and count once.",
  compliance: "Opt-outs, consent, the audit trail and alerts.",
  imports: "CSV files on their way to leads: chunks, merging, rejected rows and undo.",
  leads: "Owners, their phones and parcels; search, statistics and history.",
  segments: "Saved filters and fixed lists of leads.",
  enrichment: "What other services know about a lead: phone lookups, parcels and scrubs.",
  duplicates: "Leads that may be one person, and how they are merged.",
  jobs: "Exports and bulk actions on leads, with their undo.",
  "quiet-hours": "When a person may be written to, and by which rule.",
  numbers: "Twilio accounts and phone numbers: their pace, daily caps, warm-up and health.",
  templates: "Texts and their versions, and the check that they pass.",
  campaigns: "Campaigns, their audience, their control and their figures.",
  sending: "Messages from plan to claim, settlement, receipts and rescue.",
  guard: "What stops campaigns and numbers by itself: limits, spending and registrations.",
  inbound: "What people write back.",
  inbox:
    "Conversations in which people answer: lists, assignment, notes, labels, answers that wait, and reply times.",
  "text-figures": "How well texts work, counted by day.",
  "test-sends": "Templates sent to an organisation's own people: phones, their codes, and the tests.",
  messages: "Texts that a person of the organisation writes to one person.",
  media: "Pictures and files of messages, in and out.",
  erasure: "Removing a person and everything known about them.",
  realtime: "Live updates: who may join which channel, and what is broadcast.",
};

export type AreaName = keyof typeof AREAS;
export type ObjectKind = "function" | "relation" | "type" | "task" | "job" | "queue";

/** Returns an object's area. @param name with its schema, except for tasks, jobs, queues. @throws Error if no file creates it */
export type FindArea = (kind: ObjectKind, name: string) => AreaName;

const SQL_FOLDER = "supabase/schemas";

/** The area of a file of SQL. @param path inside SQL_FOLDER */
function areaOfFile(path: string): AreaName | undefined {
  const area = path.split(/[\\/]/)[0] ?? "";
  return area in AREAS ? (area as AreaName) : undefined;
}

/** What creates an object: its kind, and the statement with the object's name. */
const CREATIONS: [ObjectKind, RegExp][] = [
  ["function", /^\s*create (?:or replace )?function ((?:public|private)\.\w+)/gim],
  ["relation", /^\s*create (?:or replace )?(?:table|view) (?:if not exists )?((?:public|private)\.\w+)/gim],
  ["type", /^\s*create (?:type|domain) ((?:public|private)\.\w+)/gim],
  // A row of private.tasks: its name and its seconds.
  ["task", /\('([a-z][a-z-]*)', \d+, /g],
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
