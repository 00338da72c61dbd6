// Steps of campaigns over HTTP and over rpc: given, changed, cloned, kept in blueprints, and refused by the name of their field.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Json } from "../../supabase/functions/_shared/db/database.types.ts";
import { addLeads } from "../fixtures/add-leads.ts";
import { addTemplate } from "../fixtures/add-templates.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, callApi, startCampaign } from "../fixtures/run-campaign.ts";
import { readStepFigures } from "../fixtures/run-drip.ts";

const stack = inject("stack");
const ALL_STOPS = [
  "converted",
  "do_not_contact",
  "interested",
  "not_interested",
  "opted_out",
  "replied",
  "wrong_number",
];
let org: TestOrg;
let other: TestOrg;
let texts: string[];
let theirs: string;
const textOf = (owner: TestOrg, category = "followup") =>
  addTemplate(owner.sql, owner.id, {
    category,
    language: "en",
    content: "Hello again {first_name|friend}, {brand}",
  });
beforeAll(async () => {
  [org, other] = await Promise.all([createOrg(stack, { numbers: 1 }), createOrg(stack, { numbers: 1 })]);
  texts = await Promise.all([textOf(org), textOf(org), textOf(org)]);
  theirs = await textOf(other);
  await addLeads(org, 3);
});
afterAll(() => Promise.all([org.close(), other.close()]));

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/campaigns${path}`, body);
const make = (input: Record<string, unknown> = {}) =>
  callApi<{ id: string; type: string; steps: Record<string, unknown>[] }>(org, "POST", "/campaigns", {
    name: "Drip",
    template_ids: [org.templates.initial],
    ...input,
  });
const stored = { kind: "text", stop_on: ALL_STOPS, variants: [] };

describe("a campaign with steps", () => {
  it("is a drip that tells its steps, with what they have by default", async () => {
    const made = await make({
      steps: [
        { wait_hours: 72, template_ids: [texts[0]] },
        { wait_hours: 24, kind: "next_phone" },
        { wait_hours: 1440, stop_on: ALL_STOPS.filter((word) => word !== "replied"), template_ids: texts },
      ],
    });
    expect(made.type).toBe("drip");
    expect(made.steps).toEqual([
      { ...stored, step: 2, wait_hours: 72, template_ids: [texts[0]] },
      { ...stored, step: 3, wait_hours: 24, kind: "next_phone", template_ids: [] },
      {
        ...stored,
        step: 4,
        wait_hours: 1440,
        template_ids: expect.arrayContaining(texts),
        stop_on: ALL_STOPS.filter((word) => word !== "replied"),
      },
    ]);
    // Without texts of its own a step has those in the language of the first text, whatever the organisation's is.
    const first = await addTemplate(org.sql, org.id, {
      category: "initial",
      language: "en",
      content: "Hi {first_name|friend}, {brand} here. Reply STOP to end.",
    });
    const english = await make({ template_ids: [first], steps: [{ wait_hours: 72 }] });
    const [row] = await org.sql`
      select array_agg(distinct t.language) as languages, min(o.language) as ours
      from public.campaign_templates ct join public.templates t on t.id = ct.template_id
      join public.orgs o on o.id = ct.org_id where ct.campaign_id = ${english.id} and ct.step = 2`;
    expect(row).toEqual({ languages: ["en"], ours: "es" });
    expect(await readStepFigures(org, made.id)).toEqual(
      [1, 2, 3, 4].map((step) => ({
        step,
        targets: 0,
        waiting: 0,
        sent: 0,
        delivered: 0,
        failed: 0,
        replied: 0,
        opted_out: 0,
        stopped: 0,
      })),
    );
  });

  it("takes every active text of its category if it names none, and is refused if there is none", async () => {
    const made = await make({ language: "en", steps: [{ wait_hours: 1 }] });
    expect(made.steps[0]?.template_ids).toHaveLength(texts.length);
    const refused = await call("POST", "", { name: "Drip", language: "es", steps: [{ wait_hours: 1 }] });
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["steps[0].template_ids"]]);
    expect(refused.body.error.message).toContain("no active followup template in the language es");
  });

  it("has as many steps as it is given anew, and none again, while it is a draft", async () => {
    const { id } = await make({ steps: [{ wait_hours: 1, template_ids: [texts[0]] }] });
    const change = async (steps: unknown) => (await call("PATCH", `/${id}`, { steps })).body.data;
    const two = [1, 2].map((wait_hours) => ({ wait_hours, template_ids: [texts[1]] }));
    expect((await change(two)).steps).toMatchObject(two);
    expect(await change([])).toMatchObject({ type: "broadcast", steps: [] });
  });

  it("can have other texts once it is built, and nothing else", async () => {
    const steps = [{ wait_hours: 5, template_ids: [texts[0]] }];
    const id = await buildCampaign(org, { steps, cooldown_days: 0 });
    const other_texts = await call("PATCH", `/${id}`, {
      steps: [{ wait_hours: 5, template_ids: [texts[1]] }],
    });
    expect(other_texts.body.data.steps).toMatchObject([{ wait_hours: 5, template_ids: [texts[1]] }]);
    for (const changed of [
      [],
      [{ wait_hours: 6, template_ids: [texts[0]] }],
      [...steps, ...steps],
      [{ wait_hours: 5, kind: "next_phone" }],
      [{ ...steps[0], stop_on: ALL_STOPS.filter((word) => word !== "replied") }],
    ]) {
      const refused = await call("PATCH", `/${id}`, { steps: changed });
      expect([changed, refused.status, refused.body.error.details?.fields ?? fieldsOf(refused)]).toEqual([
        changed,
        409,
        ["steps"],
      ]);
    }
    expect((await call("GET", `/${id}`)).body.data.steps).toMatchObject([{ template_ids: [texts[1]] }]);
  });

  it("does not start while a step has no active text", async () => {
    const own = await textOf(org);
    const id = await buildCampaign(org, {
      steps: [{ wait_hours: 5, template_ids: [own] }],
      cooldown_days: 0,
    });
    await org.sql`update public.templates set is_active = false where id = ${own}`;
    const refused = await call("POST", `/${id}/start`);
    expect([refused.status, refused.body.error.code, refused.body.error.message]).toEqual([
      409,
      "no_templates",
      "Step 2 has no active template. Add one, then start the campaign.",
    ]);
  });

  it("is cloned with its steps and their texts, and its targets can be listed by step", async () => {
    const variants = ["A", "B"].map((name, i) => ({ name, share: 1, template_ids: [texts[i]] }));
    const steps = [
      { wait_hours: 9, variants: variants.map(({ name }, i) => ({ name, template_ids: [texts[2 - i]] })) },
    ];
    const id = await buildCampaign(org, {
      template_category: "followup",
      template_ids: undefined,
      variants,
      steps,
    });
    const clone = (await call("POST", `/${id}/clone`)).body.data;
    expect(clone).toMatchObject({ type: "drip", steps });
    await startCampaign(org, id);
    const listed = (step: number) => call("GET", `/${id}/targets?step=${step}`);
    expect((await listed(1)).body.data).toHaveLength(3);
    expect([(await listed(10)).status, fieldsOf(await listed(10))]).toEqual([422, ["step"]]);
    await callApi(org, "POST", `/campaigns/${id}/stop`);
  });

  it("comes out of a blueprint", async () => {
    const steps = [{ wait_hours: 30, template_ids: [texts[0]] }];
    const { id } = await callApi<{ id: string }>(org, "POST", "/campaigns/blueprints", {
      name: "Follow up",
      definition: { steps },
    });
    const made = (await call("POST", `/blueprints/${id}/campaigns`, { name: "From it" })).body.data;
    expect(made).toMatchObject({ type: "drip", steps });
    const without = (await call("POST", `/blueprints/${id}/campaigns`, { name: "Without", steps: [] })).body
      .data;
    expect(without).toMatchObject({ type: "broadcast", steps: [] });
  });
});

describe("refused by the name of the field, by the function and by the database alike", () => {
  const step = { wait_hours: 24 };
  const cases: [string, unknown, string][] = [
    ["a tenth step", Array(9).fill(step), "steps"],
    ["no wait", [{}], "steps[0].wait_hours"],
    ["a wait of null", [step, { wait_hours: null }], "steps[1].wait_hours"],
    ["a wait of nothing", [{ wait_hours: 0 }], "steps[0].wait_hours"],
    ["a wait of 61 days", [{ wait_hours: 61 * 24 }], "steps[0].wait_hours"],
    ["a wait of part of an hour", [{ wait_hours: 1.5 }], "steps[0].wait_hours"],
    ["a kind that there is not", [{ ...step, kind: "letter" }], "steps[0].kind"],
    ["a field that there is not", [{ ...step, wait: 1 }], "steps[0].wait"],
    ["steps that are no list", { 0: step }, "steps"],
    ["a word that stops nothing", [{ ...step, stop_on: ["rain"] }], "steps[0].stop_on[0]"],
  ];
  it.each(cases)("%s", async (_what, steps, field) => {
    const input = { name: "Odd", template_ids: [org.templates.initial], steps };
    const answer = await call("POST", "", input);
    expect([answer.status, fieldsOf(answer)]).toEqual([422, [field.replaceAll(/\[(\d+)\]/g, ".$1")]]);
    const { error } = await org.admin.client.rpc("create_campaign", { p_input: input as Json });
    expect([error?.code, JSON.parse(error?.details ?? "{}").errors?.[0]?.field]).toEqual(["PT422", field]);
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    [
      "a text of another organisation",
      () => ({ steps: [{ ...step, template_ids: [theirs] }] }),
      "steps[0].template_ids",
    ],
    [
      "a text that opens a conversation, for no step",
      () => ({ steps: [{ ...step, template_ids: [org.templates.help_en] }] }),
      "steps[0].template_ids",
    ],
    [
      "a later text for the first to a phone",
      () => ({ steps: [{ ...step, kind: "next_phone", template_ids: [texts[0]] }] }),
      "steps[0].template_ids",
    ],
    ["stop_on without opted_out", () => ({ steps: [{ ...step, stop_on: ["replied"] }] }), "steps[0].stop_on"],
    ["an empty stop_on", () => ({ steps: [step, { ...step, stop_on: [] }] }), "steps[1].stop_on"],
    [
      "a category beside texts",
      () => ({ steps: [{ ...step, category: "followup", template_ids: [texts[0]] }] }),
      "steps[0].category",
    ],
    [
      "variants that the campaign has not",
      () => ({
        steps: [{ ...step, variants: ["A", "B"].map((name) => ({ name, template_ids: [texts[0]] })) }],
      }),
      "steps[0].variants",
    ],
    [
      "a phone after the third",
      () => ({ steps: [step, step, step].map((each) => ({ ...each, kind: "next_phone" })) }),
      "steps[2].kind",
    ],
    [
      "the next phone of all phones",
      () => ({ phones: "all", steps: [{ ...step, kind: "next_phone" }] }),
      "phones",
    ],
  ])("%s", async (_what, input, field) => {
    const answer = await call("POST", "", { name: "Odd", language: "en", ...input() });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, [field]]);
  });

  it("steps whose texts are for variants that are replaced", async () => {
    const variants = ["A", "B"].map((name, i) => ({ name, share: 1, template_ids: [texts[i]] }));
    const steps = [{ ...step, variants: variants.map(({ name, template_ids }) => ({ name, template_ids })) }];
    const { id } = await make({ template_category: "followup", template_ids: undefined, variants, steps });
    const alone = await call("PATCH", `/${id}`, {
      variants: variants.map((one) => ({ ...one, name: `${one.name}2` })),
    });
    expect([alone.status, fieldsOf(alone)]).toEqual([422, ["steps"]]);
    const one = await call("PATCH", `/${id}`, {
      steps: [
        {
          ...step,
          variants: [variants[0], variants[0]].map((v) => ({ name: v?.name, template_ids: v?.template_ids })),
        },
      ],
    });
    expect([one.status, fieldsOf(one)]).toEqual([422, ["steps[0].variants"]]);
  });

  it("a phone change that leaves the next phone without sense", async () => {
    const { id } = await make({ steps: [{ ...step, kind: "next_phone" }] });
    const refused = await call("PATCH", `/${id}`, { phones: "all" });
    expect([refused.status, fieldsOf(refused)]).toEqual([422, ["phones"]]);
  });
});
