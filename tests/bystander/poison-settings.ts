// Settings of the stranger's organisation, all of which planning and claiming read for everybody.
import type { Random } from "../../scripts/demo/random.ts";
import { few, isTaken, type Kitchen, storeOwn } from "./kitchen.ts";

export async function patch(
  kitchen: Kitchen,
  table: string,
  where: string,
  base: object,
): Promise<string | undefined> {
  const { label, json } = kitchen.odd(base);
  const answer = await kitchen.ask("PATCH", `/rest/v1/${table}?${where}`, json, label);
  return isTaken(answer) && answer.text !== "[]" ? `${table}: ${label}` : undefined;
}

export async function post(kitchen: Kitchen, table: string, base: object): Promise<string | undefined> {
  // As many as are let in: what is looped over for everybody must not grow without end.
  const { label, json } =
    kitchen.random.next() < 0.7
      ? kitchen.odd(base)
      : { label: "2,000 rows", json: JSON.stringify(manyRows(kitchen.random, base)) };
  const answer = await kitchen.ask("POST", `/rest/v1/${table}`, json, label);
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

export async function storeOrganisation(kitchen: Kitchen): Promise<string | undefined> {
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
      consent_policy: "not_required",
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
