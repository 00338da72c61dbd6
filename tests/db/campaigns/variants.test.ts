// A/B tests and weights: an audience is split exactly, the same way each time, and templates are used in proportion to weight.
import { beforeEach, describe, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, fields: { cooldown_days: 0 } });
});

const addText = (n: number, fields: Record<string, unknown> = {}) =>
  addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "es",
    worstSegments: 1,
    content: `${n}: {brand}. Responda ALTO para no recibir mas.`,
    ...fields,
  });

/** A built campaign with variants of these shares, each with one template. @returns its id and the templates */
async function arrangeVariants(
  shares: number[],
  chunk = 10_000,
): Promise<{ id: string; templates: string[] }> {
  const templates: string[] = [];
  for (const n of shares.keys()) templates.push(await addText(n));
  const [row] = await bench.sql`
    insert into public.campaigns (org_id, name, status) values (${org.id}, 'Test', 'building') returning id`;
  const id: string = row?.id;
  for (const [n, share] of shares.entries()) {
    await bench.sql`
      insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
      values (${org.id}, ${id}, ${n + 1}, ${`V${n}`}, ${share})`;
    await bench.sql`
      insert into public.campaign_templates (org_id, campaign_id, template_id, variant)
      values (${org.id}, ${id}, ${templates[n] ?? ""}, ${n + 1})`;
  }
  await build(id, chunk);
  return { id, templates };
}
async function build(id: string, chunk = 10_000): Promise<void> {
  for (;;) {
    const [row] = await bench.sql`select private.build_chunk(${id}, ${chunk}, ${AFTERNOON}) as more`;
    if (!row?.more) return;
  }
}
const start = (id: string) =>
  bench.sql`update public.campaigns set status = 'running', started_at = ${AFTERNOON} where id = ${id}`;
const split = async (id: string) =>
  (
    await bench.sql`
      select count(*)::int as n from public.campaign_targets where campaign_id = ${id} and is_included group by variant order by variant`
  ).map((row) => row.n);

describe("an audience", () => {
  test.each<[number[], number, number[]]>([
    [[50, 50], 100, [50, 50]],
    [[1, 1], 101, [51, 50]],
    [[70, 20, 10], 100, [70, 20, 10]],
    [[1, 1, 1], 100, [33, 34, 33]],
    [[999, 1], 10, [10]],
    [[3, 1], 1, [1]],
  ])("with shares %j, of %i people, is split %j", async (shares, people, expected) => {
    await arrangeLeads(bench.db, org.id, people);
    const { id } = await arrangeVariants(shares);
    expect(await split(id)).toEqual(expected);
    const assigned = await bench.sql`
      select sum(assigned)::int as n from public.campaign_variants where campaign_id = ${id}`;
    expect(assigned[0]?.n).toBe(people);
  });

  test("built in chunks of seven is as exact as built at once", async () => {
    await arrangeLeads(bench.db, org.id, 100);
    const { id } = await arrangeVariants([70, 20, 10], 7);
    expect(await split(id)).toEqual([70, 20, 10]);
  });

  test("that is built again is split the same way, to the person", async () => {
    await arrangeLeads(bench.db, org.id, 60);
    const { id } = await arrangeVariants([2, 1], 25);
    const read = async () =>
      Object.fromEntries(
        (await bench.sql`select e164, variant from public.campaign_targets where campaign_id = ${id}`).map(
          (row) => [row.e164, row.variant],
        ),
      );
    const before = await read();
    await bench.sql`update public.campaigns set status = 'building', build_cursor = null where id = ${id}`;
    await build(id, 25);
    expect(await read()).toEqual(before);
    expect(await split(id)).toEqual([40, 20]);
  });

  test("whose excluded people count for no variant's share", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 40);
    for (const lead of leads.slice(0, 20)) {
      await bench.sql`update public.leads set status = 'do_not_contact' where id = ${lead.id}`;
    }
    const { id } = await arrangeVariants([1, 1]);
    expect(await split(id)).toEqual([10, 10]);
  });

  test("does not follow the order of leads: both variants have about as many of each half of them", async () => {
    await arrangeLeads(bench.db, org.id, 200);
    const { id } = await arrangeVariants([1, 1]);
    const [row] = await bench.sql`
      select count(*)::int as n from public.campaign_targets where campaign_id = ${id} and variant = 1 and ordinal <= 100`;
    expect(row?.n).toBeGreaterThan(30);
    expect(row?.n).toBeLessThan(70);
  });
});

describe("a message", () => {
  test("has a template of its person's variant, always", async () => {
    await arrangeLeads(bench.db, org.id, 90);
    const { id, templates } = await arrangeVariants([1, 1, 1]);
    await start(id);
    expect(await plan(bench.sql, AFTERNOON)).toBe(90);
    const rows = await bench.sql`
      select t.variant, m.template_id from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
      where m.campaign_id = ${id}`;
    for (const row of rows) expect(row.template_id).toBe(templates[row.variant - 1]);
  });

  test("of a variant whose template is gone waits with the reason, and holds up no others", async () => {
    await arrangeLeads(bench.db, org.id, 10);
    const { id, templates } = await arrangeVariants([1, 1]);
    await start(id);
    await bench.sql`update public.templates set is_active = false where id = ${templates[1] ?? ""}`;
    expect(await plan(bench.sql, AFTERNOON)).toBe(5);
    const waiting = await bench.sql`
      select distinct variant, needs_attention from public.campaign_targets where campaign_id = ${id} and state = 'waiting'`;
    expect(waiting).toEqual([{ variant: 2, needs_attention: expect.stringContaining("variant") }]);
    await bench.sql`update public.templates set is_active = true where id = ${templates[1] ?? ""}`;
    expect(await plan(bench.sql, later(AFTERNOON, 901))).toBe(5);
    const left = await bench.sql`
      select 1 from public.campaign_targets where campaign_id = ${id} and needs_attention is not null`;
    expect(left).toEqual([]);
  });

  test("uses templates in proportion to their weights, over plans and campaigns", async () => {
    const templates = [await addText(1), await addText(2), await addText(3)];
    await arrangeLeads(bench.db, org.id, 100);
    const id = await arrangeCampaign(bench.db, org, {}, { templates });
    await bench.sql`update public.campaign_templates set weight = 7 where template_id = ${templates[0] ?? ""}`;
    await bench.sql`update public.campaign_templates set weight = 2 where template_id = ${templates[1] ?? ""}`;
    for (let n = 0; n < 10; n++) {
      await bench.sql`select private.plan_sends(${org.id}, ${later(AFTERNOON, n)}, '5 seconds', 10)`;
    }
    const used = await bench.sql`
      select template_id, count(*)::int as n from public.messages where campaign_id = ${id} group by 1`;
    const of = (template?: string) => used.find((row) => row.template_id === template)?.n;
    expect(templates.map(of)).toEqual([70, 20, 10]);
  });

  test("has a template of little weight if the person had all the others", async () => {
    const [heavy, light] = [await addText(1), await addText(2)];
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    await bench.sql`
      insert into public.messages (org_id, kind, step, template_id, from_number, to_number, status, created_at)
      values (${org.id}, 'campaign', 1, ${heavy}, '+12065550100', ${lead?.e164 ?? ""}, 'delivered', ${later(AFTERNOON, -86_400)})`;
    await bench.sql`update private.template_usage set uses = 500 where template_id = ${light}`;
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [heavy, light] });
    await bench.sql`update public.campaign_templates set weight = 1000 where template_id = ${heavy}`;
    await plan(bench.sql, AFTERNOON);
    const [message] = await bench.sql`select template_id from public.messages where campaign_id = ${id}`;
    expect(message?.template_id).toBe(light);
  });
});

describe("a manager's input", () => {
  const create = async (input: Record<string, unknown>) => {
    const user = await signedIn(bench.db, org.adminId);
    try {
      const [row] = await user.sql`select private.create_campaign(${user.sql.json(input as never)}) as id`;
      return row?.id as string;
    } finally {
      await user.end();
    }
  };

  test("names variants, shares, templates and weights", async () => {
    const [a, b, c] = [await addText(1), await addText(2), await addText(3)];
    const id = await create({
      name: "Test",
      variants: [
        { name: "A", share: 3, template_ids: [a, b] },
        { name: "B", share: 1, template_ids: [c] },
      ],
      template_weights: { [b]: 5 },
    });
    const rows = await bench.sql`
      select t.template_id, v.name, v.share, t.weight from public.campaign_templates t join public.campaign_variants v using (campaign_id, variant)
      where t.campaign_id = ${id}`;
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { template_id: a, name: "A", share: 3, weight: 1 },
        { template_id: b, name: "A", share: 3, weight: 5 },
        { template_id: c, name: "B", share: 1, weight: 1 },
      ]),
    );
  });

  test("that lists a template in two variants, or an unknown one, is refused with the field", async () => {
    const a = await addText(1);
    const twice = {
      name: "T",
      variants: [
        { name: "A", share: 1, template_ids: [a] },
        { name: "B", share: 1, template_ids: [a] },
      ],
    };
    await expect(create(twice)).rejects.toMatchObject({
      code: "PT422",
      detail: expect.stringContaining("variants.1.template_ids"),
    });
    const other = await arrangeOrg(bench.db);
    const foreign = {
      name: "T",
      variants: [
        { name: "A", share: 1, template_ids: [other.templateId] },
        { name: "B", share: 1, template_ids: [a] },
      ],
    };
    await expect(create(foreign)).rejects.toMatchObject({
      code: "PT422",
      detail: expect.stringContaining("variants.0.template_ids"),
    });
  });
});
