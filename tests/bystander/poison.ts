// What the stranger stores and sets going: valid inputs changed in one place, and whatever is accepted is run, so that the
// workers everybody shares meet it.
import type { Random } from "../../scripts/demo/random.ts";
import { waitFor } from "../wait-for.ts";
import { oddFile } from "./multipart.ts";
import { mutate } from "./mutate.ts";
import { type Answer, type Sent, send } from "./send.ts";
import type { Caller } from "./targets.ts";
import type { World } from "./world.ts";

export interface Poison {
  name: string;
  /** @returns what was stored, in words; nothing where it was refused */
  store(kitchen: Kitchen): Promise<string | undefined>;
}

/** What a poison is made with: the stranger's admin, by REST and functions. */
export class Kitchen {
  private readonly admin: Caller;

  constructor(
    readonly world: World,
    readonly random: Random,
    /** Told of every answer. */
    private readonly judge: (call: Sent & { label: string }, answer: Answer) => void,
    /** A service of the stranger's that misbehaves. */
    readonly serviceUrl: string,
  ) {
    this.admin = world.callers.find(({ name }) => name === "admin") as Caller;
  }

  /** Changed in one place, or in two. */
  odd(base: object): { label: string; json: string } {
    const once = mutate(this.random, base, this.world.loot);
    if (this.random.next() < 0.7) return once;
    try {
      const twice = mutate(this.random, JSON.parse(once.json), this.world.loot);
      return { label: `${once.label}; ${twice.label}`, json: twice.json };
    } catch {
      return once;
    }
  }

  rpc(name: string, json: string, label: string): Promise<Answer> {
    return this.ask("POST", `/rest/v1/rpc/${name}`, json, label);
  }

  async ask(
    method: string,
    path: string,
    body: string | undefined,
    label: string,
    type = "application/json",
  ): Promise<Answer> {
    const call = {
      method,
      path,
      body,
      label,
      headers: { ...this.admin.headers, "content-type": type, prefer: "return=representation" },
    };
    const answer = await send(this.world.stack.API_URL, call);
    this.judge(call, answer);
    return answer;
  }
}

const isTaken = ({ status }: Answer) => status >= 200 && status < 300;
const wrap = (name: string, json: string, more = "") => `{${more}"${name}":${json}}`;
const read = ({ text }: Answer) => JSON.parse(text);

const filterOf = ({ stranger: { row } }: World) => ({
  ...{
    search: "rosa",
    counties: ["Travis"],
    states: ["TX"],
    cities: ["Austin"],
    zips: ["78701"],
    statuses: ["new", "contacted"],
    scores: ["cold"],
    sources: ["import"],
  },
  ...{
    tags: { any: ["A"], all: ["B"], none: ["C"] },
    consent: ["unknown"],
    languages: ["es"],
    property_types: ["land"],
    line_types: ["mobile", "not_looked_up"],
  },
  ...{
    acreage: { from: 0, to: 100 },
    estimated_value: { from: 0, to: 1e6 },
    contacted: "never",
    not_contacted_days: 30,
    replied: false,
  },
  ...{
    created: { from: "2020-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" },
    custom_fields: { Grade: "x" },
    segment_ids: [row.segments?.id],
  },
});

const few = (random: Random, all: Record<string, unknown>, count: number) =>
  Object.fromEntries(random.shuffle(Object.entries(all)).slice(0, count));

export const POISONS: readonly Poison[] = [
  { name: "campaign", store: storeCampaign },
  { name: "campaign on a segment that goes", store: storeOnSegment },
  {
    name: "number",
    store: (kitchen) =>
      storeOwn(
        kitchen,
        "update_number",
        "p_input",
        {
          mps: 5,
          daily_cap: 2_000,
          warmup_started_on: "2026-01-01",
          quiet_starts: "21:00",
          quiet_ends: "08:00",
        },
        `"p_phone_number_id":"${kitchen.world.stranger.row.phone_numbers?.id}",`,
      ),
  },
  { name: "organisation", store: storeOrganisation },
  {
    name: "limits",
    store: (kitchen) =>
      patch(
        kitchen,
        "sending_limits",
        `org_id=eq.${kitchen.world.stranger.id}`,
        few(
          kitchen.random,
          {
            opt_out_rate: 0.03,
            opt_out_volume: 100,
            filtered_rate: 0.03,
            unknown_rate: 0.02,
            failed_rate: 0.15,
            failed_volume: 100,
            segment_price: 0.0083,
            carrier_fee: 0.0045,
            daily_spending_limit: 50,
            min_balance: 10,
            a2p_required: false,
          },
          2,
        ),
      ),
  },
  {
    name: "quiet-hour rule",
    store: (kitchen) =>
      post(kitchen, "quiet_hour_rules", {
        org_id: kitchen.world.stranger.id,
        state: "TX",
        dow: 1,
        opens: "09:00",
        closes: "17:00",
        source: "policy",
        effective_from: "2020-01-01",
        reviewed_at: "2026-01-01",
        max_per_24h: 3,
      }),
  },
  {
    name: "carrier cap",
    store: (kitchen) =>
      post(kitchen, "carrier_caps", {
        org_id: kitchen.world.stranger.id,
        carrier: "t-mobile",
        daily_segments: 2_000,
      }),
  },
  { name: "import", store: storeImport },
  { name: "import by RPC", store: storeImportByRpc },
  {
    name: "export",
    store: (kitchen) =>
      storeOwn(kitchen, "create_export", null, {
        p_filter: few(kitchen.random, filterOf(kitchen.world), 3),
        p_options: { format: "csv", rows_per: "lead", columns: ["first_name", "primary_phone"] },
      }),
  },
  { name: "bulk action", store: storeBulkAction },
  {
    name: "segment",
    store: (kitchen) =>
      storeOwn(kitchen, "save_segment", "p_input", {
        name: `S ${kitchen.random.next()}`,
        kind: "filter",
        description: "x",
        filter: few(kitchen.random, filterOf(kitchen.world), 4),
      }),
  },
  { name: "enrichment", store: storeEnrichment },
  { name: "lead", store: storeLead },
  {
    name: "lookups",
    store: (kitchen) =>
      storeOwn(kitchen, "request_lookups", null, {
        p_lead_ids: [kitchen.world.stranger.row.leads?.id],
        p_dry_run: false,
      }),
  },
];

async function storeOwn(
  kitchen: Kitchen,
  name: string,
  argument: string | null,
  base: object,
  more = "",
): Promise<string | undefined> {
  const { label, json } = kitchen.odd(base);
  const answer = await kitchen.rpc(name, argument ? wrap(argument, json, more) : json, label);
  return isTaken(answer) ? `${name}: ${label}` : undefined;
}

async function patch(
  kitchen: Kitchen,
  table: string,
  where: string,
  base: object,
): Promise<string | undefined> {
  const { label, json } = kitchen.odd(base);
  const answer = await kitchen.ask("PATCH", `/rest/v1/${table}?${where}`, json, label);
  return isTaken(answer) && answer.text !== "[]" ? `${table}: ${label}` : undefined;
}

async function post(kitchen: Kitchen, table: string, base: object): Promise<string | undefined> {
  // As many as are let in: what is looped over for everybody must not grow without end.
  const { label, json } =
    kitchen.random.next() < 0.7
      ? kitchen.odd(base)
      : { label: "2,000 rows", json: JSON.stringify(manyRows(base)) };
  const answer = await kitchen.ask("POST", `/rest/v1/${table}`, json, label);
  return isTaken(answer) ? `${table}: ${label}` : undefined;
}

const manyRows = (base: object) =>
  Array.from({ length: 2_000 }, (_, n) => ({
    ...base,
    ...("carrier" in base
      ? { carrier: `carrier ${n}` }
      : { effective_from: new Date(n * 86_400_000).toISOString().slice(0, 10) }),
  }));

async function storeOrganisation(kitchen: Kitchen): Promise<string | undefined> {
  const all = {
    ...{
      name: "Org",
      brand: "Brand",
      support_contact: "x",
      language: "es",
      time_zone: "America/Chicago",
      quiet_starts: "20:00",
      quiet_ends: "08:00",
    },
    ...{
      cooldown_days: 0,
      consent_policy: "opt_out",
      mps: 50,
      daily_cap: 10_000,
      warmup_caps: [100, 200],
      health_quarantine_below: 50,
    },
    ...{ health_min_messages: 50, lookup_enabled: true, lookup_daily_budget: 100, lookup_price: 0.008 },
  };
  const base = few(kitchen.random, all, 2);
  if (kitchen.random.next() < 0.5)
    return await patch(kitchen, "orgs", `id=eq.${kitchen.world.stranger.id}`, base);
  return await storeOwn(kitchen, "update_organisation", "p_changes", base);
}

/** People of the stranger's, so that there is somebody to write to. */
async function addPeople({ world, random }: Kitchen, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++)
    ids.push(
      (await world.stranger.addLead({ first_name: "Rosa", last_name: `Owner ${random.below(1_000)}` })).id,
    );
  return ids;
}

async function storeCampaign(kitchen: Kitchen): Promise<string | undefined> {
  const { world, random } = kitchen;
  const { org, row } = world.stranger;
  const { custom_fields: _custom, created: _created, ...filter } = filterOf(world);
  const people = await addPeople(kitchen, 3);
  const wholly = random.next() < 0.5;
  const criteria = wholly
    ? { lead_ids: people }
    : few(
        random,
        {
          lead_ids: people,
          tags: ["A"],
          counties: ["Travis"],
          states: ["TX"],
          statuses: ["new"],
          never_contacted: true,
          segment_ids: [row.segments?.id],
          filter: few(random, filter, 3),
        },
        3,
      );
  const base = {
    ...{
      name: "Odd",
      description: "x",
      template_ids: [org.templates.initial],
      template_weights: { [org.templates.initial]: 1 },
    },
    ...{
      phone_number_ids: [row.phone_numbers?.id],
      target_criteria: criteria,
      mps: 5,
      daily_cap: 1_000,
      cooldown_days: 0,
    },
    ...{ quiet_hours_override: true, retry_undelivered: false, phones: "primary" },
  };
  const { label, json } = kitchen.odd(base);
  return await runCampaign(
    kitchen,
    await kitchen.rpc("create_campaign", wrap("p_input", json), label),
    label,
  );
}

/** Built and started, as far as it lets itself. */
async function runCampaign(kitchen: Kitchen, created: Answer, label: string): Promise<string | undefined> {
  if (!isTaken(created)) return undefined;
  const id = read(created);
  const argument = `{"p_campaign_id":"${id}"}`;
  const built = await kitchen.rpc("build_targets", argument, `campaign of ${label}`);
  if (!isTaken(built)) return `campaign: ${label}`;
  await waitFor(async () => (await statusOf(kitchen, id)) !== "building", { seconds: 8, every: 200 }).catch(
    () => {},
  );
  const started = await kitchen.rpc("start_campaign", argument, `campaign of ${label}`);
  return `campaign, ${isTaken(started) ? "started" : "built"}: ${label}`;
}

async function statusOf({ world: { sql } }: Kitchen, id: string): Promise<string | undefined> {
  const [row] = await sql`select status::text from public.campaigns where id = ${id}`;
  return row?.status;
}

async function storeOnSegment(kitchen: Kitchen): Promise<string | undefined> {
  const { world, random } = kitchen;
  const segment = await world.stranger.addSegment();
  await kitchen.rpc(
    "change_segment_leads",
    JSON.stringify({ p_segment_id: segment, p_add: await addPeople(kitchen, 3) }),
    "people of a segment",
  );
  const created = await kitchen.rpc(
    "create_campaign",
    JSON.stringify({
      p_input: {
        name: "On a segment",
        quiet_hours_override: true,
        template_ids: [world.stranger.org.templates.initial],
        target_criteria: { segment_ids: [segment] },
      },
    }),
    "on a segment",
  );
  const gone = () =>
    kitchen.rpc("delete_segment", JSON.stringify({ p_segment_id: segment }), "a segment that a campaign has");
  if (random.next() < 0.5) await gone();
  const stored = await runCampaign(kitchen, created, "its segment is deleted");
  await gone();
  return stored;
}

async function storeImport(kitchen: Kitchen): Promise<string | undefined> {
  const odd = oddFile(kitchen);
  if (!odd) return undefined;
  const query = new URLSearchParams({
    merge_strategy: kitchen.random.pick(["skip", "update", "fill", "add_phones", "create"]),
    auto_tags: "true",
  });
  const answer = await kitchen.ask(
    "POST",
    `/functions/v1/leads/import/execute?${query}`,
    odd.csv,
    odd.label,
    "text/csv",
  );
  return isTaken(answer) ? `import: ${odd.label}` : undefined;
}

/** Past the function that looks at files: straight to what the worker will read. */
async function storeImportByRpc(kitchen: Kitchen): Promise<string | undefined> {
  const { random, world } = kitchen;
  const columns = Array.from({ length: random.pick([2, 500, 12_000]) }, (_, n) =>
    n === 0 ? "Phone" : `Column ${n}`,
  );
  const file = {
    file_name: "owners.csv",
    file_bytes: 6,
    content_hash: random.next().toString(16).slice(2).padEnd(64, "0").slice(0, 64),
    encoding: "utf-8",
    delimiter: ",",
    columns,
    next_byte: 0,
    next_line: 2,
  };
  const options = {
    merge_strategy: "skip",
    keep_case: true,
    auto_tags: { time: true },
    upload_date: "2026-01-01",
  };
  const base = {
    p_import_id: await world.stranger.storeFile(),
    p_file: file,
    p_mapping: { Phone: "primary_phone", "Column 1": "last_name" },
    p_options: options,
    p_tags: ["A"],
  };
  return await storeOwn(kitchen, "create_import", null, base);
}

async function storeBulkAction(kitchen: Kitchen): Promise<string | undefined> {
  const { random, world } = kitchen;
  const [action, value] = random.pick<[string, unknown]>([
    ["add_tags", ["A"]],
    ["remove_tags", ["A"]],
    ["set_status", "contacted"],
    ["set_score", "hot"],
    ["delete", null],
    ["add_to_segment", world.stranger.row.segments?.id],
    ["set_field", { field: "city", value: "Marfa" }],
  ]);
  const base = {
    action,
    value,
    filter: random.next() < 0.5 ? few(random, filterOf(world), 2) : { ids: await addPeople(kitchen, 2) },
    dry_run: false,
  };
  return await storeOwn(kitchen, "start_bulk_action", "p_input", base);
}

async function storeEnrichment(kitchen: Kitchen): Promise<string | undefined> {
  const { random, serviceUrl } = kitchen;
  const base = {
    ...{
      kind: "property",
      name: `Odd ${random.next()}`,
      url: serviceUrl,
      method: "POST",
      request: { apn: "{apn}", deep: { county: "{county}" } },
    },
    ...{
      field_map: { acreage: "acres" },
      batch_size: 5,
      daily_budget: 100,
      timeout_ms: 1_000,
      is_enabled: true,
    },
  };
  const { label, json } =
    random.next() < 0.3
      ? { label: "a service that misbehaves", json: JSON.stringify(base) }
      : kitchen.odd(base);
  const saved = await kitchen.rpc("save_enrichment_service", wrap("p_input", json), label);
  if (!isTaken(saved)) return undefined;
  const answer = read(saved);
  const id = typeof answer === "string" ? answer : answer?.id;
  await kitchen.rpc("request_enrichment", JSON.stringify({ p_service_id: id }), `service of ${label}`);
  return `enrichment: ${label}`;
}

/** Names that are compared with everybody else's. */
async function storeLead(kitchen: Kitchen): Promise<string | undefined> {
  const { random } = kitchen;
  const words = random.pick([1, 50, 5_000]);
  const base = {
    ...{
      first_name: "Rosa ".repeat(words).trim(),
      last_name: "Garza ".repeat(words).trim(),
      primary_phone: `+1214557${1_000 + random.below(9_000)}`,
    },
    ...{
      address1: "1 Main St",
      city: "Austin",
      state: "TX",
      postal_code: "78701",
      email: "a@example.com",
      tags: ["A"],
      notes: "x",
      custom_fields: { Grade: "x" },
    },
  };
  if (random.next() < 0.3) {
    const answer = await kitchen.rpc(
      "create_lead",
      wrap("p_lead", JSON.stringify(base)),
      `names of ${words} words`,
    );
    return isTaken(answer) ? `lead: names of ${words} words` : undefined;
  }
  return await storeOwn(kitchen, "create_lead", "p_lead", base);
}
