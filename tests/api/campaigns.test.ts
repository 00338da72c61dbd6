// Campaigns over HTTP: create, list, read, change; who may, and what is refused by the name of its field.

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addTemplate } from "../fixtures/add-templates.ts";
import { type Answer, callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
/** An id that nothing has. */
const NOBODYS = "00000000-0000-4000-8000-000000000000";
let org: TestOrg;
let other: TestOrg;
beforeAll(async () => {
  [org, other] = await Promise.all([
    createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"], numbers: 2 }),
    createOrg(stack, { numbers: 1 }),
  ]);
});
afterAll(() => Promise.all([org.close(), other.close()]));

type Who = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, who: Who = "campaign_manager"): Promise<Answer> =>
  callFunction(stack, org.users[who], method, `/campaigns${path}`, body);
const create = async (input: Record<string, unknown> = {}) => {
  const answer = await call("POST", "", { name: "Spring", ...input });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
};

/** With templates that don't exist. */
const variantsOf = (shares: number[], name?: string) =>
  shares.map((share, n) => ({ name: name ?? `V${n}`, share, template_ids: [NOBODYS] }));

describe("creating a campaign", () => {
  it("makes a draft with the organisation's own texts and every number by default", async () => {
    const campaign = await create();
    expect(campaign).toMatchObject({
      name: "Spring",
      status: "draft",
      template_category: "initial",
      phones: "primary",
      mps: null,
      daily_cap: null,
      cooldown_days: null,
      quiet_hours_override: false,
      retry_undelivered: false,
      template_ids: [org.templates.initial],
      phone_number_ids: [],
      target_criteria: {},
      stats: { audience: 0, sent: 0 },
    });
    expect((await call("GET", `/${campaign.id}`, undefined, "viewer")).body).toEqual({
      success: true,
      data: campaign,
    });
    const [event] = await org.sql`
      select event_type, user_id from public.audit_events where campaign_id = ${campaign.id}`;
    expect(event).toEqual({ event_type: "campaign_created", user_id: org.users.campaign_manager?.id });
  });

  it("keeps every field", async () => {
    const input = {
      name: "Todo",
      description: "Condado de Travis",
      phones: "all",
      mps: 2.5,
      daily_cap: 500,
      cooldown_days: 7,
      quiet_hours_override: true,
      retry_undelivered: true,
      scheduled_at: "2031-01-01T15:00:00Z",
      target_criteria: {
        tags: ["HOT"],
        counties: ["Travis"],
        states: ["tx"],
        statuses: ["new"],
        never_contacted: true,
      },
      template_ids: [org.templates.initial],
      phone_number_ids: [org.numbers[0]?.id],
    };
    const campaign = await create(input);
    expect(campaign).toMatchObject({
      ...input,
      target_criteria: { ...input.target_criteria, states: ["TX"] },
      scheduled_at: expect.stringContaining("2031-01-01T15:00:00"),
    });
  });

  it("splits an A/B test by share, with templates of each part and their weights, until it is built", async () => {
    const second = await addTemplate(org.sql, org.id, {
      category: "initial",
      language: "es",
      content: "Buen dia, somos {brand}. Responda ALTO para no recibir mas.",
    });
    const variants = [
      { name: "Hola", share: 3, template_ids: [org.templates.initial] },
      { name: "Buen dia", share: 1, template_ids: [second] },
    ];
    const campaign = await create({ variants, template_weights: { [second]: 4 } });
    expect(campaign.variants).toEqual(variants.map((variant) => ({ ...variant, assigned: 0 })));
    expect(campaign.template_weights).toEqual({ [org.templates.initial]: 1, [second]: 4 });
    const path = `/${campaign.id}`;
    const refused = await call("PATCH", path, { template_ids: [second] });
    expect([refused.status, refused.body.error.details.fields]).toEqual([409, ["template_ids"]]);
    const changed = await call("PATCH", path, { template_weights: { [second]: 2 } });
    expect(changed.body.data.template_weights[second]).toBe(2);
    const swapped = await call("PATCH", path, { variants: [...variants].reverse() });
    expect(swapped.body.data.variants.map((one: { name: string }) => one.name)).toEqual(["Buen dia", "Hola"]);
    await org.sql`update public.campaigns set status = 'ready', built_at = now() where id = ${campaign.id}`;
    const late = await call("PATCH", path, { variants });
    expect([late.status, late.body.error.details.fields]).toEqual([409, ["variants"]]);
    await org.sql`update public.templates set is_active = false where id = ${second}`;
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{ name: undefined }, ["name"]],
    [{ name: "  " }, ["name"]],
    [{ name: "x".repeat(201) }, ["name"]],
    [{ mps: 0 }, ["mps"]],
    [{ mps: "fast" }, ["mps"]],
    [{ daily_cap: -1 }, ["daily_cap"]],
    [{ daily_cap: 1.5 }, ["daily_cap"]],
    [{ cooldown_days: 3651 }, ["cooldown_days"]],
    [{ phones: "some" }, ["phones"]],
    [{ template_category: "stop" }, ["template_category"]],
    [{ template_ids: [] }, ["template_ids"]],
    [{ template_ids: ["1"] }, ["template_ids.0"]],
    [{ template_ids: [NOBODYS] }, ["template_ids"]],
    [{ template_weights: { [NOBODYS]: 0 } }, [`template_weights.${NOBODYS}`]],
    [{ variants: [{ name: "A", share: 1, template_ids: [NOBODYS] }] }, ["variants"]],
    [{ variants: variantsOf([0, 1]) }, ["variants.0.share"]],
    [{ variants: variantsOf([1, 1]) }, ["variants.0.template_ids"]],
    [{ variants: variantsOf([1, 1], "A") }, ["variants"]],
    [{ variants: variantsOf([1, 1]), template_ids: [NOBODYS] }, ["variants"]],
    [{ phone_number_ids: [NOBODYS] }, ["phone_number_ids"]],
    [{ target_criteria: { tag: ["HOT"] } }, ["target_criteria.tag"]],
    [{ target_criteria: { lead_ids: ["nobody"] } }, ["target_criteria.lead_ids.0"]],
    [{ target_criteria: { states: ["Texas"] } }, ["target_criteria.states.0"]],
    [{ scheduled_at: "tomorrow" }, ["scheduled_at"]],
    [{ scheduled_at: "2031-01-01T15:00:00" }, ["scheduled_at"]],
    [{ language: "fr" }, ["language"]],
    [{ budget: 100, mps: -1 }, ["budget", "mps"]],
  ])("refuses %j, naming the field, and creates nothing", async (input, fields) => {
    const count = async () =>
      (await org.sql`select count(*)::int from public.campaigns where org_id = ${org.id}`)[0]?.count;
    const before = await count();
    const answer = await call("POST", "", { name: "Bad", ...input });
    expect(answer.status, JSON.stringify(answer.body)).toBe(422);
    expect(answer.body.error.code).toBe("invalid_input");
    expect(fieldsOf(answer).sort()).toEqual(fields);
    expect(await count()).toBe(before);
  });

  it("refuses texts of another category, inactive ones, and another organisation's texts and numbers", async () => {
    const inactive =
      await org.sql`select id from public.templates where org_id = ${org.id} and not is_active and category = 'initial' limit 1`;
    for (const [field, value] of [
      ["template_ids", org.templates.help_es],
      ["template_ids", inactive[0]?.id],
      ["template_ids", other.templates.initial],
      ["phone_number_ids", other.numbers[0]?.id],
    ] as const) {
      const answer = await call("POST", "", { name: "Bad", [field]: [value] });
      expect([answer.status, fieldsOf(answer)]).toEqual([422, [field]]);
    }
  });
});

describe("changing a campaign", () => {
  it("changes what is given and leaves the rest", async () => {
    const { id } = await create({ mps: 3, daily_cap: 10 });
    const answer = await call("PATCH", `/${id}`, {
      mps: null,
      name: "Later",
      target_criteria: { tags: ["A1"] },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { name: "Later", mps: null, daily_cap: 10, target_criteria: { tags: ["A1"] } } },
    });
  });

  it("refuses an empty change, unknown fields and bad values", async () => {
    const { id } = await create();
    expect((await call("PATCH", `/${id}`, {})).status).toBe(422);
    expect(fieldsOf(await call("PATCH", `/${id}`, { status: "running" }))).toContain("status");
    expect(fieldsOf(await call("PATCH", `/${id}`, { mps: -2 }))).toEqual(["mps"]);
    expect((await call("GET", `/${id}`)).body.data.status).toBe("draft");
  });

  it("fixes the audience once built, while pace and texts may still change", async () => {
    const { id } = await create();
    await org.sql`update public.campaigns set status = 'ready' where id = ${id}`;
    for (const change of [
      { target_criteria: {} },
      { phones: "all" },
      { cooldown_days: 0 },
      { template_category: "followup" },
    ]) {
      const answer = await call("PATCH", `/${id}`, change);
      expect([answer.status, answer.body.error.code]).toEqual([409, "invalid_state"]);
      expect(answer.body.error.message).toContain(Object.keys(change)[0]);
    }
    expect((await call("PATCH", `/${id}`, { mps: 1, template_ids: [org.templates.initial] })).status).toBe(
      200,
    );
  });

  it("refuses to remove the start time of a scheduled campaign", async () => {
    const { id } = await create({ scheduled_at: "2031-01-01T15:00:00Z" });
    await org.sql`update public.campaigns set status = 'scheduled' where id = ${id}`;
    const answer = await call("PATCH", `/${id}`, { scheduled_at: null });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["scheduled_at"]]);
  });

  it.each(["completed", "stopped", "building"])("changes nothing of one that is %s", async (status) => {
    const { id } = await create();
    await org.sql`
      update public.campaigns set status = ${status}, finished_at = case when ${status} = 'building' then null else now() end where id = ${id}`;
    const answer = await call("PATCH", `/${id}`, { name: "Too late" });
    expect([answer.status, answer.body.error.code]).toEqual([409, "invalid_state"]);
    await org.sql`delete from public.campaigns where id = ${id}`;
  });
});

describe("listing campaigns", () => {
  let listed: TestOrg;
  const list = async (query = "") => {
    const answer = await callFunction(stack, listed.admin, "GET", `/campaigns${query}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return {
      names: answer.body.data.map((row: { name: string }) => row.name),
      pagination: answer.body.pagination,
    };
  };
  beforeAll(async () => {
    listed = await createOrg(stack, { numbers: 0 });
    for (const name of ["Uno", "Dos", "Tres 100%", "Cuatro", "Cinco"]) {
      await callFunction(stack, listed.admin, "POST", "/campaigns", { name });
    }
    await listed.sql`update public.campaigns set status = 'ready' where org_id = ${listed.id} and name = 'Dos'`;
  });
  afterAll(() => listed.close());

  it("newest first, a page at a time, by number or by cursor", async () => {
    expect(await list()).toMatchObject({
      names: ["Cinco", "Cuatro", "Tres 100%", "Dos", "Uno"],
      pagination: { page: 1, total: 5, totalPages: 1, total_is_estimate: false },
    });
    const first = await list("?limit=2");
    expect(first.names).toEqual(["Cinco", "Cuatro"]);
    expect((await list("?limit=2&page=3")).names).toEqual(["Uno"]);
    const next = await list(`?limit=2&cursor=${encodeURIComponent(first.pagination.next_cursor)}`);
    expect(next.names).toEqual(["Tres 100%", "Dos"]);
  });
  it("by state and by part of the name, in any case, every character taken literally", async () => {
    expect((await list("?status=ready")).names).toEqual(["Dos"]);
    expect((await list("?status=ready&status=draft")).names).toHaveLength(5);
    expect((await list("?search=CUATRO")).names).toEqual(["Cuatro"]);
    expect((await list("?search=0%25")).names).toEqual(["Tres 100%"]);
    expect((await list("?search=%25")).names).toEqual(["Tres 100%"]);
  });
  it.each(["?status=lost", "?limit=0", "?page=x", "?cursor=abc"])("refuses %s, naming it", async (query) => {
    const answer = await callFunction(stack, listed.admin, "GET", `/campaigns${query}`);
    expect(answer.status).toBe(422);
    expect(fieldsOf(answer)[0]).toContain(query.slice(1).split("=")[0]);
  });
});

describe("who may", () => {
  const READS: [string, string][] = [
    ["GET", ""],
    ["GET", "/ID"],
    ["GET", "/ID/stats"],
    ["GET", "/ID/targets"],
  ];
  const CHANGES: [string, string, unknown][] = [
    ["POST", "", { name: "Mine" }],
    ["PATCH", "/ID", { name: "Mine" }],
    ["POST", "/ID/build-targets", { dry_run: true }],
    ["POST", "/ID/start", undefined],
    ["POST", "/ID/pause", undefined],
    ["POST", "/ID/resume", undefined],
    ["POST", "/ID/stop", undefined],
  ];

  it("everybody reads; viewers and operators change nothing", async () => {
    const { id } = await create();
    for (const who of ["viewer", "operator", "campaign_manager", "admin"] as const) {
      for (const [method, path] of READS) {
        expect((await call(method, path.replace("ID", id), undefined, who)).status).toBe(200);
      }
    }
    for (const who of ["viewer", "operator"] as const) {
      for (const [method, path, body] of CHANGES) {
        const answer = await call(method, path.replace("ID", id), body, who);
        expect([who, method, path, answer.status, answer.body.error.code]).toEqual([
          who,
          method,
          path,
          403,
          "forbidden",
        ]);
      }
    }
    expect((await call("GET", `/${id}`)).body.data).toMatchObject({ name: "Spring", status: "draft" });
  });

  it("nobody without a token, and nobody of another organisation, who gets 404", async () => {
    const { id } = await create();
    for (const [method, path, body] of [...READS, ...CHANGES]) {
      const address = `/campaigns${path.replace("ID", id)}`;
      expect((await callFunction(stack, undefined, method, address, body)).status).toBe(401);
      if (!path) continue;
      const answer = await callFunction(stack, other.admin, method, address, body);
      expect([method, path, answer.status, answer.body.error.code]).toEqual([method, path, 404, "not_found"]);
    }
    expect((await callFunction(stack, other.admin, "GET", "/campaigns")).body.data).toEqual([]);
    expect((await call("GET", `/${id}`)).body.data).toMatchObject({ name: "Spring", status: "draft" });
  });

  it("a malformed id is refused by its name", async () => {
    for (const [method, path] of [
      ["GET", "/1"],
      ["POST", "/1/start"],
    ] as const) {
      const answer = await call(method, path);
      expect([answer.status, fieldsOf(answer)]).toEqual([400, ["id"]]);
    }
    expect((await call("GET", `/${NOBODYS}`)).status).toBe(404);
  });
});
