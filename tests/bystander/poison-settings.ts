// Settings of the stranger's organisation, which planning and claiming read in work for all organisations.
import type { Random } from "../../scripts/demo/random.ts";
import { few, isTaken, type PoisonTools, storeOwn } from "./poison-tools.ts";

export async function patch(
  tools: PoisonTools,
  table: string,
  where: string,
  base: object,
): Promise<string | undefined> {
  const { label, json } = tools.odd(base);
  const answer = await tools.ask("PATCH", `/rest/v1/${table}?${where}`, json, label);
  return isTaken(answer) && answer.text !== "[]" ? `${table}: ${label}` : undefined;
}

export async function post(tools: PoisonTools, table: string, base: object): Promise<string | undefined> {
  // As many as are accepted: shared loops over such rows must be bounded.
  const { label, json } =
    tools.random.next() < 0.7
      ? tools.odd(base)
      : { label: "2,000 rows", json: JSON.stringify(manyRows(tools.random, base)) };
  const answer = await tools.ask("POST", `/rest/v1/${table}`, json, label);
  return isTaken(answer) ? `${table}: ${label}` : undefined;
}

export const dayOf = (random: Random) =>
  new Date(random.below(30_000) * 86_400_000).toISOString().slice(0, 10);

const manyRows = (random: Random, base: object) =>
  Array.from({ length: 2_000 }, (_, n) => ({
    ...base,
    ...("carrier" in base
      ? { carrier: `carrier ${n} ${random.next()}` }
      : {
          effective_from: new Date((n + random.below(30_000) * 2_000) * 86_400_000)
            .toISOString()
            .slice(0, 10),
        }),
  }));

export async function storeOrganisation(tools: PoisonTools): Promise<string | undefined> {
  const all = {
    name: "Org",
    brand: "Brand",
    support_contact: "x",
    language: "es",
    time_zone: "America/Chicago",
    quiet_starts: "20:00",
    quiet_ends: "08:00",
    cooldown_days: 0,
    consent_policy: "not_required",
    mps: 50,
    daily_cap: 10_000,
    warmup_caps: [100, 200],
    health_quarantine_below: 50,
    health_min_messages: 50,
    lookup_enabled: true,
    lookup_daily_budget: 100,
    lookup_price: 0.008,
  };
  const base = few(tools.random, all, 2);
  if (tools.random.next() < 0.5) return await patch(tools, "orgs", `id=eq.${tools.world.stranger.id}`, base);
  return await storeOwn(tools, "update_organisation", "p_changes", base);
}
