// Imports, bulk actions, outside services and leads of the stranger's: what shared workers read.

import { oddFile } from "./multipart.ts";
import { addPeople, few, filterOf, isTaken, type PoisonTools, read, storeOwn, wrap } from "./poison-tools.ts";

export async function storeImport(tools: PoisonTools): Promise<string | undefined> {
  const odd = oddFile(tools);
  if (!odd) return undefined;
  const query = new URLSearchParams({
    merge_strategy: tools.random.pick(["skip", "update", "fill", "add_phones", "create"]),
    auto_tags: "true",
  });
  const answer = await tools.ask(
    "POST",
    `/functions/v1/leads/import/execute?${query}`,
    odd.csv,
    odd.label,
    "text/csv",
  );
  return isTaken(answer) ? `import: ${odd.label}` : undefined;
}

/** Bypasses the function that checks files: stores directly what the worker will read. */
export async function storeImportByRpc(tools: PoisonTools): Promise<string | undefined> {
  const { random, world } = tools;
  const columns = Array.from({ length: random.pick([2, 500]) }, (_, n) =>
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
    auto_tags: { time: true, upload_date: "2026-01-01" },
  };
  const base = {
    p_import_id: await world.stranger.storeFile(),
    p_file: file,
    p_mapping: { Phone: "primary_phone", "Column 1": "last_name" },
    p_options: options,
    p_tags: ["A"],
  };
  return await storeOwn(tools, "create_import", null, base);
}

export async function storeBulkAction(tools: PoisonTools): Promise<string | undefined> {
  const { random, world } = tools;
  const [action, value] = random.pick<[string, unknown]>([
    ["add_tags", ["A"]],
    ["remove_tags", ["A"]],
    ["set_status", "contacted"],
    ["set_score", "hot"],
    ["delete", null],
    ["add_to_segment", world.stranger.row.segments?.id],
  ]);
  const base = {
    action,
    value,
    filter: random.next() < 0.5 ? few(random, filterOf(world), 2) : { ids: await addPeople(tools, 2) },
    dry_run: false,
  };
  return await storeOwn(tools, "start_bulk_action", "p_input", base);
}

export async function storeEnrichment(tools: PoisonTools): Promise<string | undefined> {
  const { random, serviceUrl } = tools;
  const base = {
    kind: "property",
    name: `Odd ${random.next()}`,
    url: serviceUrl,
    method: "POST",
    request: { apn: "{apn}", deep: { county: "{county}" } },
    field_map: { acreage: "acres" },
    batch_size: 5,
    daily_budget: 100,
    timeout_ms: 1_000,
    is_enabled: true,
  };
  const { label, json } =
    random.next() < 0.3
      ? { label: "a service that misbehaves", json: JSON.stringify(base) }
      : tools.odd(base);
  const saved = await tools.rpc("save_enrichment_service", wrap("p_input", json), label);
  if (!isTaken(saved)) return undefined;
  const answer = read(saved);
  const id = typeof answer === "string" ? answer : answer?.id;
  await tools.rpc("request_enrichment", JSON.stringify({ p_service_id: id }), `service of ${label}`);
  return `enrichment: ${label}`;
}

/** Names that are compared with everybody else's. */
export async function storeLead(tools: PoisonTools): Promise<string | undefined> {
  const { random } = tools;
  const words = random.pick([1, 5, 16]);
  const base = {
    first_name: "Rosa ".repeat(words).trim(),
    last_name: "Garza ".repeat(words).trim(),
    primary_phone: `+1214557${1_000 + random.below(9_000)}`,
    address1: "1 Main St",
    city: "Austin",
    state: "TX",
    postal_code: "78701",
    email: "a@example.com",
    tags: ["A"],
    notes: "x",
    custom_fields: { Grade: "x" },
  };
  if (random.next() < 0.3) {
    const answer = await tools.rpc(
      "create_lead",
      wrap("p_lead", JSON.stringify(base)),
      `names of ${words} words`,
    );
    return isTaken(answer) ? `lead: names of ${words} words` : undefined;
  }
  return await storeOwn(tools, "create_lead", "p_lead", base);
}

/** They cost money, so they are off until an admin turns them on. */
export async function storeLookups(tools: PoisonTools): Promise<string | undefined> {
  await tools.rpc("update_organisation", '{"p_changes":{"lookup_enabled":true}}', "lookups turned on");
  const base = { p_lead_ids: [tools.world.stranger.row.leads?.id], p_dry_run: false };
  return await storeOwn(tools, "request_lookups", null, base);
}
