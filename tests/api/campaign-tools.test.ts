// What people do with campaigns beside sending: copy, keep as a blueprint, schedule, archive; and audiences that follow from other
// campaigns.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Json } from "../../supabase/functions/_shared/db/database.types.ts";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { callApi, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let leads: { id: string; e164: string }[];
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 2 });
  leads = await addLeads(org, 6);
  await org.sql`update public.orgs set cooldown_days = 0 where id = ${org.id}`;
});
afterAll(() => org.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/campaigns${path}`, body);
const make = (input: Record<string, unknown> = {}) =>
  callApi<{ id: string }>(org, "POST", "/campaigns", {
    name: "Tools",
    template_ids: [org.templates.initial],
    mps: 0.05,
    quiet_hours_override: true,
    ...input,
  });
async function build(input: Record<string, unknown> = {}): Promise<string> {
  const { id } = await make(input);
  await callApi(org, "POST", `/campaigns/${id}/build-targets`, {});
  await waitForStatus(org, id, "ready");
  return id;
}
/** @returns the id of a text of category initial */
async function addText(name: string): Promise<string> {
  const [text] = await org.sql`
    insert into public.templates (org_id, category, language, name, content, encoding, worst_segments)
    values (${org.id}, 'initial', 'en', ${name}, 'Hello, this is ACME. Reply STOP to end', 'GSM-7', 1) returning id`;
  return text?.id;
}
const listed = async (query = "") =>
  ((await call("GET", `?limit=100${query}`)).body.data as { id: string }[]).map(({ id }) => id);
const audited = async (id: string) =>
  (
    await org.sql`select event_type from public.audit_events where campaign_id = ${id} order by created_at, id`
  ).map(({ event_type }) => event_type);

describe("a clone", () => {
  it("has the definition and nothing else, whatever became of the campaign", async () => {
    const [number] = await org.sql`select id from public.phone_numbers where org_id = ${org.id} limit 1`;
    const definition = {
      name: "Spring in Travis",
      description: "First letters",
      target_criteria: { lead_ids: leads.map(({ id }) => id), never_contacted: true },
      phones: "all",
      daily_cap: 40,
      cooldown_days: 3,
      retry_undelivered: true,
      phone_number_ids: [number?.id],
      template_weights: { [org.templates.initial]: 3 },
    };
    const id = await build(definition);
    await callApi(org, "POST", `/campaigns/${id}/stop`);
    const { status, body } = await call("POST", `/${id}/clone`, {});
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      ...definition,
      name: "Spring in Travis (copy)",
      status: "draft",
      built_at: null,
      scheduled_at: null,
      template_ids: [org.templates.initial],
      stats: { audience: 0, waiting: 0, canceled: 0 },
    });
    expect((await call("POST", `/${id}/clone`, { name: "Autumn" })).body.data.name).toBe("Autumn");
    expect(await audited(body.data.id)).toEqual(["campaign_created"]);
  });

  it("has the variants, and is refused if a segment is gone", async () => {
    const texts = [await addText("One"), await addText("Two")];
    const variants = texts.map((id, i) => ({ name: `V${i}`, share: i + 1, template_ids: [id] }));
    const segment = await callApi<{ id: string }>(org, "POST", "/leads/segments", {
      name: "List",
      kind: "list",
    });
    const { id } = await make({
      template_ids: undefined,
      variants,
      target_criteria: { segment_ids: [segment.id] },
    });
    const clone = (await call("POST", `/${id}/clone`)).body.data;
    expect(clone.variants).toEqual(variants.map((one) => ({ ...one, assigned: 0 })));
    await org.sql`delete from public.segments where id = ${segment.id}`;
    const refused = await call("POST", `/${id}/clone`);
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["segment_ids"]]);
  });

  it("of a campaign with a name of 200 characters still has a name", async () => {
    const { id } = await make({ name: "n".repeat(200) });
    const { data } = (await call("POST", `/${id}/clone`)).body;
    expect([data.name.length, data.name.endsWith("n (copy)")]).toEqual([197, true]);
  });
});

describe("archiving", () => {
  it("takes a campaign out of the list and back, once each", async () => {
    const { id } = await make();
    for (const _ of [1, 2])
      expect((await call("POST", `/${id}/archive`)).body.data.archived_at).not.toBeNull();
    expect(await listed()).not.toContain(id);
    expect(await listed("&archived=true")).toContain(id);
    for (const [method, path, body] of [
      ["PATCH", "", { name: "New" }],
      ["POST", "/build-targets", {}],
    ] as const) {
      const refused = await call(method, `/${id}${path}`, body);
      expect([refused.status, refused.body.error.message]).toEqual([
        409,
        expect.stringContaining("unarchive it first"),
      ]);
    }
    for (const _ of [1, 2]) expect((await call("POST", `/${id}/unarchive`)).body.data.archived_at).toBeNull();
    expect(await listed()).toContain(id);
    expect(await audited(id)).toEqual(["campaign_created", "campaign_archived", "campaign_unarchived"]);
  });

  it("is refused while it may still send", async () => {
    const id = await build();
    const refused = await call("POST", `/${id}/archive`);
    expect([refused.status, refused.body.error.message]).toEqual([
      409,
      expect.stringContaining("stop it first"),
    ]);
    await callApi(org, "POST", `/campaigns/${id}/stop`);
    expect((await call("POST", `/${id}/archive`)).status).toBe(200);
  });

  it("ends by itself if an archived campaign has to send again", async () => {
    const { id } = await make();
    await org.sql`update public.campaigns set status = 'completed', finished_at = now(), archived_at = now() where id = ${id}`;
    await org.sql`select private.reopen_campaign(${id})`;
    const [row] =
      await org.sql`select status::text, archived_at, finished_at from public.campaigns where id = ${id}`;
    expect(row).toEqual({ status: "running", archived_at: null, finished_at: null });
    await org.sql`update public.campaigns set status = 'stopped', finished_at = now() where id = ${id}`;
  });
});

describe("scheduling", () => {
  const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

  it("sets, moves and takes away the time of start", async () => {
    const id = await build();
    const [soon, later] = [at(2), at(3)];
    const schedule = (scheduled_at: string | null) => call("POST", `/${id}/schedule`, { scheduled_at });
    expect((await schedule(soon)).body.data).toMatchObject({ status: "scheduled" });
    expect(new Date((await schedule(later)).body.data.scheduled_at).toISOString()).toBe(later);
    expect((await schedule(null)).body.data).toMatchObject({ status: "ready", scheduled_at: null });
    expect(fieldsOf(await schedule(null))).toEqual(["scheduled_at"]);
    expect(await audited(id)).toEqual([
      "campaign_created",
      "campaign_building",
      "campaign_scheduled",
      "campaign_scheduled",
      "campaign_unscheduled",
    ]);
  });

  it("refuses times that are past or far away, and campaigns without an audience", async () => {
    const id = await build();
    for (const time of [at(-1), at(400)]) {
      const refused = await call("POST", `/${id}/schedule`, { scheduled_at: time });
      expect([refused.status, fieldsOf(refused)]).toEqual([422, ["scheduled_at"]]);
    }
    const draft = await make();
    expect((await call("POST", `/${draft.id}/schedule`, { scheduled_at: at(2) })).status).toBe(409);
  });
});

describe("a blueprint", () => {
  it("is saved, changed, used and deleted; campaigns made of it stay", async () => {
    const definition = { template_ids: [org.templates.initial], mps: 2, phones: "all", daily_cap: 10 };
    const saved = await call("POST", "/blueprints", { name: "Letters", definition });
    expect(saved.status).toBe(201);
    const { id } = saved.body.data;
    expect((await call("POST", "/blueprints", { name: " letters ", definition })).status).toBe(409);
    expect((await call("PATCH", `/blueprints/${id}`, { description: "For spring" })).body.data).toMatchObject(
      {
        name: "Letters",
        description: "For spring",
        definition,
      },
    );
    expect((await call("GET", "/blueprints")).body.data.map((one: { id: string }) => one.id)).toContain(id);
    const used = await call("POST", `/blueprints/${id}/campaigns`, { name: "Spring", mps: 1 });
    expect([used.status, used.body.data]).toEqual([
      201,
      expect.objectContaining({ name: "Spring", mps: 1, phones: "all", daily_cap: 10, status: "draft" }),
    ]);
    expect((await call("DELETE", `/blueprints/${id}`)).status).toBe(204);
    expect((await call("GET", `/blueprints/${id}`)).status).toBe(404);
    expect((await call("GET", `/${used.body.data.id}`)).status).toBe(200);
  });

  it("takes the fields of a campaign and no others, also by supabase-js", async () => {
    const odd: [Record<string, Json>, string][] = [
      [{ mps: 0 }, "mps"],
      [{ name: "x" }, "name"],
      [{ scheduled_at: "2031-01-01T00:00:00Z" }, "scheduled_at"],
      [{ quiet_hours_override: true }, "quiet_hours_override"],
      [{ target_criteria: { tags: [1] } }, "target_criteria.tags"],
    ];
    for (const [definition, field] of odd) {
      const refused = await call("POST", "/blueprints", { name: "Odd", definition });
      expect(refused.status, field).toBe(422);
      const { error } = await org.admin.client.rpc("save_blueprint", {
        p_input: { name: "Odd", definition },
      });
      expect(error?.details, field).toContain(field);
    }
  });

  it("can be changed when the organisation has as many as it may have", async () => {
    const { id } = await callApi<{ id: string }>(org, "POST", "/campaigns/blueprints", {
      name: "Kept",
      definition: { mps: 1 },
    });
    await org.sql`insert into public.campaign_blueprints (org_id, name, definition)
      select ${org.id}, 'Filler ' || n, '{}' from generate_series(1, 200 - (
        select count(*)::int from public.campaign_blueprints where org_id = ${org.id})) n`;
    expect((await call("POST", "/blueprints", { name: "One more", definition: { mps: 1 } })).status).toBe(
      409,
    );
    expect((await call("PATCH", `/blueprints/${id}`, { description: "x" })).status).toBe(200);
    await org.sql`delete from public.campaign_blueprints where org_id = ${org.id}`;
  });

  it("names what is gone when it is used", async () => {
    const text = await addText("Going");
    const saved = await callApi<{ id: string }>(org, "POST", "/campaigns/blueprints", {
      name: "With a text that goes",
      definition: { template_ids: [text] },
    });
    await org.sql`update public.templates set is_active = false where id = ${text}`;
    const refused = await call("POST", `/blueprints/${saved.id}/campaigns`, { name: "Late" });
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["template_ids"]]);
  });
});

describe("audiences that follow from other campaigns", () => {
  const audience = async (criteria: Record<string, unknown>, input: Record<string, unknown> = {}) => {
    const id = await build({
      target_criteria: { lead_ids: leads.map((one) => one.id), ...criteria },
      ...input,
    });
    const rows =
      await org.sql`select e164 from public.campaign_targets where campaign_id = ${id} and is_included order by e164`;
    return rows.map(({ e164 }) => e164);
  };
  const phones = (...at: number[]) => at.map((n) => leads[n]?.e164).sort();

  it("leave out, or are only, people of these", async () => {
    const first = await build({ target_criteria: { lead_ids: leads.slice(0, 4).map((one) => one.id) } });
    expect(await audience({ exclude_campaign_ids: [first] })).toEqual(phones(4, 5));
    const put = (n: number, state: string, sent: string | null, delivery: string | null) =>
      org.sql`update public.campaign_targets set state = ${state}, sent_at = ${sent}, delivery = ${delivery}
        where campaign_id = ${first} and e164 = ${leads[n]?.e164 as string}`;
    await put(0, "failed", null, null);
    await put(1, "sent", "2026-01-02T12:00:00Z", "delivered");
    await put(2, "sent", "2026-01-02T12:00:00Z", "unconfirmed");
    for (const [n, time] of [
      [1, "2026-01-01T12:00:00Z"],
      [2, "2026-01-03T12:00:00Z"],
    ] as const)
      await org.sql`insert into private.contacts (org_id, e164, last_inbound_at) values (${org.id}, ${leads[n]?.e164 as string}, ${time})
        on conflict (org_id, e164) do update set last_inbound_at = excluded.last_inbound_at`;
    expect(await audience({ failed_in_campaign_id: first })).toEqual(phones(0));
    expect(await audience({ unanswered_campaign_id: first })).toEqual(phones(1));
    expect(await audience({ unanswered_campaign_id: first, failed_in_campaign_id: first })).toEqual([]);
    // By another phone of the same person, too.
    const [other] = await addLeads(org, 1);
    await org.sql`update public.lead_phones set lead_id = ${leads[0]?.id as string}, role = 'secondary' where lead_id = ${other?.id as string}`;
    expect(await audience({ exclude_campaign_ids: [first] }, { phones: "all" })).toEqual(phones(4, 5));
  });

  it("refuse campaigns that are not the organisation's", async () => {
    const strange = "00000000-0000-4000-8000-000000000000";
    for (const [field, value] of [
      ["exclude_campaign_ids", [strange]],
      ["failed_in_campaign_id", strange],
      ["unanswered_campaign_id", strange],
    ] as const) {
      const refused = await call("POST", "", { name: "x", target_criteria: { [field]: value } });
      expect([refused.status, fieldsOf(refused)]).toEqual([422, [`target_criteria.${field}`]]);
    }
  });
});
