// A template's whole life: written in either vocabulary, judged, shown, changed by two people at once, restored, archived.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { callApi, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let stranger: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  [org, stranger] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer", "operator", "campaign_manager"] }),
    createOrg(stack, { numbers: 1 }),
  ]);
  leads = await addLeads(org, 3);
  await org.sql`update public.orgs set brand = 'Sol Land', cooldown_days = 0 where id = ${org.id}`;
});
afterAll(() => Promise.all([org.close(), stranger.close()]));

type Person = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, who: Person = "campaign_manager") =>
  callFunction(stack, org.users[who], method, `/templates${path}`, body);
const FIRST = "Hola {{firstName}}, somos {{companyName}}. ¿Vende su terreno? Responda ALTO para salir.";
const STORED = "Hola {first_name}, somos {brand}. ¿Vende su terreno? Responda ALTO para salir.";
let names = 0;
const input = (fields: Record<string, unknown> = {}) => ({
  name: `Text ${++names}`,
  category: "initial_outreach",
  language: "es",
  content: FIRST,
  ...fields,
});
async function make(fields: Record<string, unknown> = {}) {
  const answer = await call("POST", "", input(fields));
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data as { id: string; name: string; version: number; number: number; content: string };
}
const codes = (answer: { body: { data: { issues: { code: string }[] } } }) =>
  answer.body.data.issues.map(({ code }) => code);
const audited = async (id: string) =>
  (
    await org.sql`select event_type from public.audit_events where org_id = ${org.id}
      and details ->> 'template_id' = ${id} order by created_at, id`
  ).map(({ event_type }) => event_type);
/** A built campaign with these texts, slow enough to be still running when the test looks. */
async function campaignWith(fields: Record<string, unknown>): Promise<string> {
  const { id } = await callApi<{ id: string }>(org, "POST", "/campaigns", {
    name: `Campaign ${++names}`,
    mps: 0.01,
    quiet_hours_override: true,
    target_criteria: { lead_ids: leads.map((lead) => lead.id) },
    ...fields,
  });
  return id;
}

describe("writing", () => {
  it("takes both vocabularies and stores one", async () => {
    const made = await call("POST", "", input());
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({
      category: "initial",
      content: STORED,
      variables: ["first_name", "brand"],
      required_variables: ["brand"],
      version: 1,
      is_active: true,
      archived_at: null,
      issues: [],
      gsm_safe: null,
    });
    expect(Number.isInteger(made.body.data.number)).toBe(true);
    const followUp = await make({ category: "follow_up", content: "¿Pudo pensarlo, {first_name}? {brand}" });
    expect((await call("GET", `/${followUp.id}`, undefined, "viewer")).body.data.category).toBe("followup");
    for (const category of ["nurture", "closing", "support", "custom"])
      expect((await call("POST", "", input({ category }))).body.data.category).toBe(category);
    expect(await audited(followUp.id)).toEqual(["template_created"]);
  });

  it("is refused with every reason, and nothing is stored", async () => {
    const refused = await call("POST", "", input({ name: "Bad", content: "Casino {nombre} bit.ly/x {" }));
    expect([refused.status, refused.body.error.code]).toEqual([422, "invalid_input"]);
    expect(refused.body.error.details.errors).toEqual([
      expect.objectContaining({ field: "content", code: "unknown_variable", position: 7 }),
      expect.objectContaining({ field: "content", code: "unbalanced_brace" }),
    ]);
    const words = await call("POST", "", input({ name: "Bad", content: "Casino bit.ly/x" }));
    expect(words.body.error.details.errors.map((error: { code: string }) => error.code).sort()).toEqual([
      "forbidden_word",
      "link_not_allowed",
      "link_shortener",
      "missing_brand",
      "missing_opt_out",
    ]);
    expect(await org.sql`select 1 from public.templates where org_id = ${org.id} and name = 'Bad'`).toEqual(
      [],
    );
  });

  it.each([
    [{ name: " " }, "name"],
    [{ name: "a\nb" }, "name"],
    [{ category: "spam" }, "category"],
    [{ language: "fr" }, "language"],
    [{ content: "x".repeat(4001) }, "content"],
    [{ is_active: "yes" }, "is_active"],
    [{ extra: 1 }, "extra"],
  ])("names the field of %j", async (fields, field) => {
    const refused = await call("POST", "", input(fields));
    expect([refused.status, fieldsOf(refused)]).toEqual([422, [field]]);
  });

  it("keeps names apart within an organisation only", async () => {
    const { name, id } = await make();
    const refused = await call("POST", "", input({ name }));
    expect([refused.status, refused.body.error.code]).toEqual([409, "duplicate"]);
    expect(refused.body.error.details.template_id).toBe(id);
    const other = await callFunction(stack, stranger.admin, "POST", "/templates", input({ name }));
    expect(other.status).toBe(201);
  });

  it("goes through the database's own checks, whoever calls it", async () => {
    const { client } = org.users.campaign_manager as { client: TestOrg["admin"]["client"] };
    for (const bad of [
      null,
      [],
      {},
      { name: "x" },
      { ...input(), category: "initial_outreach" },
      { ...input(), version: 3 },
    ]) {
      const { error } = await client.rpc("create_template", { p_input: bad as never });
      expect([bad, error?.code]).toEqual([bad, "PT422"]);
    }
    const weak = { ...input({ category: "initial" }), content: "Hola, vendo casino" };
    expect((await client.rpc("create_template", { p_input: weak })).error?.code).toBe("PT422");
    expect((await client.from("templates").insert({ name: "x" } as never)).error?.code).toBe("42501");
  });

  it("is for campaign managers, reading for everybody", async () => {
    const { id } = await make();
    for (const who of ["viewer", "operator"] as const) {
      expect((await call("POST", "", input(), who)).status).toBe(403);
      expect((await call("PATCH", `/${id}`, { name: "New" }, who)).status).toBe(403);
      expect((await call("DELETE", `/${id}`, undefined, who)).status).toBe(403);
      expect((await call("GET", `/${id}`, undefined, who)).status).toBe(200);
      expect(
        (await call("POST", "/lint", { content: FIRST, category: "initial", language: "es" }, who)).status,
      ).toBe(200);
    }
    for (const [method, path, body] of [
      ["GET", `/${id}`],
      ["PATCH", `/${id}`, { name: "Mine" }],
      ["DELETE", `/${id}`],
      ["GET", `/${id}/versions`],
      ["POST", `/${id}/restore`, { version: 1 }],
      ["POST", `/${id}/duplicate`, {}],
      ["POST", `/${id}/preview`, {}],
    ] as const)
      expect((await callFunction(stack, stranger.admin, method, `/templates${path}`, body)).status).toBe(404);
  });
});

describe("the list", () => {
  it("is filtered by category, language, use, and words of name or text", async () => {
    const word = `Zanahoria ${names}`;
    const a = await make({ name: `${word}, "50%" (a)`, category: "nurture" });
    const b = await make({ category: "closing", content: `${FIRST} ${word}`, is_active: false });
    const ids = async (query: string) =>
      ((await call("GET", `?limit=500&${query}`)).body.data as { id: string }[]).map(({ id }) => id);
    const search = `search=${encodeURIComponent(word.toUpperCase())}`;
    expect(await ids(search)).toEqual([b.id, a.id]);
    expect(await ids(`search=${encodeURIComponent('"50%" (A')}`)).toEqual([a.id]);
    expect(await ids(`${search}&category=nurture`)).toEqual([a.id]);
    expect(await ids(`${search}&category=nurture&category=closing`)).toEqual([b.id, a.id]);
    expect(await ids(`${search}&active=false`)).toEqual([b.id]);
    expect(await ids(`${search}&language=en`)).toEqual([]);
    expect(await ids("category=initial_outreach")).toContain(org.templates.initial);
    const page = await call("GET", `?${search}&limit=1`);
    expect(page.body.pagination).toMatchObject({ total: 2, totalPages: 2 });
    const next = await call("GET", `?${search}&limit=1&cursor=${page.body.pagination.next_cursor}`);
    expect(next.body.data[0].id).toBe(a.id);
  });
});

describe("changing", () => {
  it("makes a version of each text, and none of a name", async () => {
    const { id } = await make();
    const changed = await call("PATCH", `/${id}`, { content: `${FIRST} Gracias.`, expected_version: 1 });
    expect(changed.body.data).toMatchObject({ version: 2, content: `${STORED} Gracias.` });
    expect((await call("PATCH", `/${id}`, { name: `Renamed ${id}` })).body.data.version).toBe(2);
    const restored = await call("POST", `/${id}/restore`, { version: 1 });
    expect(restored.body.data).toMatchObject({ version: 3, content: STORED });
    const { data } = (await call("GET", `/${id}/versions`, undefined, "viewer")).body;
    expect(data.map((one: { version: number; content: string }) => [one.version, one.content])).toEqual([
      [3, STORED],
      [2, `${STORED} Gracias.`],
      [1, STORED],
    ]);
    expect((await call("POST", `/${id}/restore`, { version: 9 })).status).toBe(404);
    expect(await audited(id)).toEqual([
      "template_created",
      "template_changed",
      "template_changed",
      "template_restored",
    ]);
  });

  it("by two people at once lets one of them know", async () => {
    const { id } = await make();
    const answers = await Promise.all(
      ["Uno.", "Dos."].map((end) =>
        call("PATCH", `/${id}`, { content: `${FIRST} ${end}`, expected_version: 1 }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = answers.find(({ status }) => status === 409);
    expect([lost?.body.error.code, lost?.body.error.details.version]).toEqual(["conflict", 2]);
  });

  it("is judged like a new text", async () => {
    const { id } = await make({ category: "custom", content: "Gracias" });
    const refused = await call("PATCH", `/${id}`, { category: "initial" });
    expect(refused.body.error.details.errors.map((error: { code: string }) => error.code)).toEqual([
      "missing_brand",
      "missing_opt_out",
    ]);
    expect([
      (await call("PATCH", `/${id}`, {})).status,
      (await call("PATCH", `/${id}`, { expected_version: 1 })).status,
    ]).toEqual([422, 422]);
  });

  it("keeps the text of messages that are planned, also when it is restored while the campaign runs", async () => {
    const { id } = await make();
    await call("PATCH", `/${id}`, { content: `${FIRST} Segunda.` });
    const campaign = await campaignWith({ template_ids: [id] });
    await callApi(org, "POST", `/campaigns/${campaign}/build-targets`, {});
    await waitForStatus(org, campaign, "ready");
    await callApi(org, "POST", `/campaigns/${campaign}/start`);
    await expect
      .poll(() => org.sql`select template_version from public.messages where campaign_id = ${campaign}`, {
        timeout: 30_000,
      })
      .not.toEqual([]);
    const [planned] = await org.sql`select id from public.messages where campaign_id = ${campaign} limit 1`;
    expect((await call("POST", `/${id}/restore`, { version: 1 })).body.data.version).toBe(3);
    const [kept] = await org.sql`
      select m.template_version, v.content from public.messages m
      join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version
      where m.id = ${planned?.id}`;
    expect(kept).toEqual({ template_version: 2, content: `${STORED} Segunda.` });
    const refused = await call("PATCH", `/${id}`, { category: "custom" });
    expect([refused.status, refused.body.error.code]).toEqual([409, "still_referenced"]);
    await callApi(org, "POST", `/campaigns/${campaign}/stop`);
    expect((await call("PATCH", `/${id}`, { category: "custom" })).status).toBe(200);
  });
});

describe("duplicating and archiving", () => {
  it("gives copies names of their own", async () => {
    const { id, name } = await make();
    const copies = await Promise.all([
      call("POST", `/${id}/duplicate`),
      call("POST", `/${id}/duplicate`, {}),
    ]);
    expect(copies.map(({ body }) => body.data.name).sort()).toEqual([`${name} (copy 2)`, `${name} (copy)`]);
    expect((await call("POST", `/${id}/duplicate`, { name: "Chosen" })).body.data).toMatchObject({
      name: "Chosen",
      content: STORED,
      version: 1,
    });
    expect((await call("POST", `/${id}/duplicate`, { name: "Chosen" })).body.error.code).toBe("duplicate");
  });

  it("takes a text out of the list and of use, and puts it back inactive", async () => {
    const { id } = await make();
    for (const _ of [1, 2]) expect((await call("DELETE", `/${id}`)).status).toBe(204);
    const listed = async (query = "") =>
      ((await call("GET", `?limit=500${query}`)).body.data as { id: string }[]).map((one) => one.id);
    expect(await listed()).not.toContain(id);
    expect(await listed("&archived=true")).toContain(id);
    expect((await call("PATCH", `/${id}`, { is_active: true })).body.error.code).toBe("invalid_state");
    const back = await call("POST", `/${id}/unarchive`);
    expect(back.body.data).toMatchObject({ archived_at: null, is_active: false });
    expect((await call("PATCH", `/${id}`, { is_active: true })).body.data.is_active).toBe(true);
    expect(await audited(id)).toEqual([
      "template_created",
      "template_archived",
      "template_unarchived",
      "template_changed",
    ]);
  });

  it("is refused for the last text of a step, whatever texts the other steps have", async () => {
    const [first, second, third] = [await make(), await make(), await make({ category: "followup" })];
    const campaign = await campaignWith({
      template_ids: [first.id, second.id],
      steps: [{ wait_hours: 24, template_ids: [third.id] }],
    });
    await callApi(org, "POST", `/campaigns/${campaign}/build-targets`, {});
    await waitForStatus(org, campaign, "ready");
    const refused = await call("DELETE", `/${third.id}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "still_referenced"]);
    expect((await call("DELETE", `/${second.id}`)).status).toBe(204);
    expect((await call("DELETE", `/${first.id}`)).status).toBe(409);
    await callApi(org, "POST", `/campaigns/${campaign}/stop`);
    expect((await call("DELETE", `/${third.id}`)).status).toBe(204);
  });

  it("is refused for the last text of a campaign, of a variant, and of the answers to STOP", async () => {
    const [one, two] = [await make(), await make()];
    const campaign = await campaignWith({
      template_ids: undefined,
      variants: [one, two].map(({ id }, i) => ({ name: `V${i}`, share: 1, template_ids: [id] })),
    });
    await callApi(org, "POST", `/campaigns/${campaign}/build-targets`, {});
    await waitForStatus(org, campaign, "ready");
    const refused = await call("DELETE", `/${one.id}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "still_referenced"]);
    expect(refused.body.error.message).toContain("Campaign ");
    expect((await call("PATCH", `/${one.id}`, { is_active: false })).status).toBe(409);
    await callApi(org, "POST", `/campaigns/${campaign}/stop`);
    expect((await call("DELETE", `/${one.id}`)).status).toBe(204);
    expect((await call("DELETE", `/${org.templates.stop_es}`)).status).toBe(204);
    const last = await call("DELETE", `/${org.templates.stop_en}`);
    expect([last.status, last.body.error.code]).toEqual([409, "still_referenced"]);
    expect((await call("PATCH", `/${org.templates.stop_es}`, { is_active: true })).status).toBe(409);
    await call("POST", `/${org.templates.stop_es}/unarchive`);
    expect((await call("PATCH", `/${org.templates.stop_es}`, { is_active: true })).status).toBe(200);
  });
});

describe("lint and preview", () => {
  it("judges a text without saving it", async () => {
    const answer = await call(
      "POST",
      "/lint",
      { content: `${FIRST} aquí`, category: "initial", language: "es" },
      "viewer",
    );
    expect(codes(answer)).toEqual(["not_gsm"]);
    expect(answer.body.data).toMatchObject({
      ok: true,
      content: `${STORED} aquí`,
      gsm_safe: { text: `${STORED} aqui`, remaining: [] },
    });
    const branded = await call("POST", "/lint", {
      content: "Hola, somos Sol Land. Responda ALTO para salir.",
      category: "initial",
      language: "es",
    });
    expect([branded.body.data.ok, codes(branded)]).toEqual([true, []]);
  });

  it("shows what a lead would get, and what stands in for what is missing", async () => {
    const { id } = await make({
      category: "custom",
      content: "{first_name|amigo} de {county|su zona}: {acreage} acres, {phone}, {brand}",
    });
    const lead = leads[0] as TestLead;
    const missing = await call("GET", `/${id}/preview?lead_id=${lead.id}`, undefined, "viewer");
    expect(missing.body.data).toMatchObject({
      text: null,
      missing: ["acreage"],
      fallbacks: { county: "su zona" },
    });
    const shown = await call(
      "POST",
      `/${id}/preview`,
      { lead_id: lead.id, values: { Acres: "7", firstName: "🙂" } },
      "viewer",
    );
    expect(shown.body.data).toMatchObject({
      text: `amigo de su zona: 7 acres, ${lead.e164}, Sol Land`,
      encoding: "GSM-7",
      segments: 1,
      characters: `amigo de su zona: 7 acres, ${lead.e164}, Sol Land`.length,
      gsm_safe: null,
      missing: [],
      fallbacks: { first_name: "amigo", county: "su zona" },
    });
    expect(shown.body.data.cost).toBeGreaterThan(0);
    const [strange] = await addLeads(stranger, 1);
    for (const lead_id of [strange?.id, "00000000-0000-4000-8000-000000000000"])
      expect((await call("POST", `/${id}/preview`, { lead_id })).status).toBe(404);
    expect(fieldsOf(await call("POST", `/${id}/preview`, { values: { nombre: "x" } }))).toEqual([
      "values.nombre",
    ]);
  });

  it("shows a text that is not saved, with its cheaper spelling", async () => {
    const text = `{first_name}, ¿vendería aquí? ${"cerca ".repeat(9)}`;
    const { data } = (
      await call(
        "POST",
        "/preview",
        { content: text, language: "es", values: { first_name: "Ana" } },
        "viewer",
      )
    ).body;
    expect([data.encoding, data.segments, data.gsm_safe.segments]).toEqual(["UCS-2", 2, 1]);
    expect(data.gsm_safe.text).toContain("Ana, ¿venderia aqui?");
    expect(fieldsOf(await call("POST", "/preview", { content: "{x}", language: "es" }))).toEqual(["content"]);
  });
});
