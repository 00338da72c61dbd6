// Campaigns of the stranger, built and started as far as that is possible.
import { waitFor } from "local-supabase/testing/wait-for";
import { addPeople, few, filterOf, isTaken, type PoisonTools, read, storeOwn, wrap } from "./poison-tools.ts";
import type { Answer } from "./send.ts";

const STOPS = [
  "replied",
  "interested",
  "converted",
  "not_interested",
  "opted_out",
  "wrong_number",
  "do_not_contact",
];

export async function storeCampaign(tools: PoisonTools): Promise<string | undefined> {
  const { world, random } = tools;
  await world.restoreSettings();
  const { org, row } = world.stranger;
  const { custom_fields: _custom, created: _created, ...filter } = filterOf(world);
  const people = await addPeople(tools, 3);
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
          exclude_campaign_ids: [row.campaigns?.id],
          failed_in_campaign_id: row.campaigns?.id,
          unanswered_campaign_id: row.campaigns?.id,
          filter: few(random, filter, 3),
        },
        3,
      );
  const base = {
    name: "Odd",
    description: "x",
    template_ids: [org.templates.initial],
    template_weights: { [org.templates.initial]: 1 },
    phone_number_ids: [row.phone_numbers?.id],
    target_criteria: criteria,
    mps: 5,
    daily_cap: 1_000,
    cooldown_days: 0,
    quiet_hours_override: true,
    retry_undelivered: false,
    phones: "primary",
    steps: [
      { wait_hours: 1, template_ids: [org.templates.initial], stop_on: STOPS },
      { wait_hours: 24, kind: "next_phone", stop_on: STOPS },
    ],
  };
  const { label, json } = tools.odd(base);
  return await runCampaign(tools, await tools.rpc("create_campaign", wrap("p_input", json), label), label);
}

/** A plain campaign; only the settings it meets are odd. */
export async function sendPlainly(tools: PoisonTools): Promise<void> {
  const { org, row } = tools.world.stranger;
  const input = {
    name: "Plain",
    quiet_hours_override: true,
    cooldown_days: 0,
    template_ids: [org.templates.initial],
    phone_number_ids: [row.phone_numbers?.id],
    target_criteria: { lead_ids: await addPeople(tools, 3) },
  };
  const created = await tools.rpc("create_campaign", wrap("p_input", JSON.stringify(input)), "plain");
  await runCampaign(tools, created, "plain");
}

/** Builds and starts it, as far as that is possible. */
export async function runCampaign(
  tools: PoisonTools,
  created: Answer,
  label: string,
): Promise<string | undefined> {
  if (!isTaken(created)) return undefined;
  const id = read(created);
  const argument = `{"p_campaign_id":"${id}"}`;
  const built = await tools.rpc("build_targets", argument, `campaign of ${label}`);
  if (!isTaken(built)) return `campaign: ${label}`;
  await waitFor(async () => (await statusOf(tools, id)) !== "building", { seconds: 8, every: 200 }).catch(
    () => {},
  );
  const acknowledged = `{"p_campaign_id":"${id}","p_acknowledge":["balance_low","finishes_late","not_scrubbed","number_unhealthy"]}`;
  const started = await tools.rpc("start_campaign", acknowledged, `campaign of ${label}`);
  return `campaign, ${isTaken(started) ? "started" : "built"}: ${label}`;
}

async function statusOf({ world: { sql } }: PoisonTools, id: string): Promise<string | undefined> {
  const [row] = await sql`select status::text from public.campaigns where id = ${id}`;
  return row?.status;
}

/** A direct text to somebody who just wrote, so that it is sent at any hour. */
export async function storeDirectText(tools: PoisonTools): Promise<string | undefined> {
  const { world, random } = tools;
  const [person] = await addPeople(tools, 1);
  await world.sql`
    insert into private.contacts (org_id, e164, last_inbound_at)
    select org_id, e164, now() from public.lead_phones where lead_id = ${person as string}
    on conflict (org_id, e164) do update set last_inbound_at = now()`;
  const base = { p_body: "Hello {first_name}", p_lead_id: person, p_idempotency_key: `Odd ${random.next()}` };
  return await storeOwn(tools, "send_direct", null, base);
}

export async function storeOnSegment(tools: PoisonTools): Promise<string | undefined> {
  const { world, random } = tools;
  const segment = await world.stranger.addSegment();
  await tools.rpc(
    "change_segment_leads",
    JSON.stringify({ p_segment_id: segment, p_add: await addPeople(tools, 3) }),
    "people of a segment",
  );
  const created = await tools.rpc(
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
    tools.rpc("delete_segment", JSON.stringify({ p_segment_id: segment }), "a segment that a campaign has");
  if (random.next() < 0.5) await gone();
  const stored = await runCampaign(tools, created, "its segment is deleted");
  await gone();
  return stored;
}
