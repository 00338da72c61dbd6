// {support_contact} in texts of campaigns: it is the organisation's, as in answers to HELP.
import { beforeEach, describe, expect, test } from "vitest";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { renderTemplate } from "../../../supabase/functions/_shared/sms/render-template.ts";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
});
const addText = (content: string) =>
  addTemplate(bench.sql, org.id, { category: "initial", language: "es", content });

describe("a campaign's text that says {support_contact}", () => {
  const CONTENT = "{brand}: llame al {support_contact}. Responda ALTO para no recibir mas.";
  const setContact = (contact: string | null) =>
    bench.sql`update public.orgs set support_contact = ${contact} where id = ${org.id}`;
  const fatesOf = async (id: string) => {
    const rows = await bench.sql`
      select state::text, reason from public.campaign_targets where campaign_id = ${id} order by ordinal`;
    return rows.map(({ state, reason }) => [state, reason].filter(Boolean).join(" "));
  };

  test("gets the organisation's, as the preview shows it; other texts do not carry it", async () => {
    await setContact("512-555-0199");
    const saying = await addText(CONTENT);
    await arrangeLeads(bench.db, org.id, 2);
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [saying, org.templateId] });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(2);
    const rows =
      await bench.sql`select template_id, variables from public.messages where campaign_id = ${id}`;
    const of = (template: string) => rows.find((row) => row.template_id === template)?.variables;
    expect(of(saying).support_contact).toBe("512-555-0199");
    expect(of(org.templateId)).not.toHaveProperty("support_contact");
    const read = compileTemplate(CONTENT);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(renderTemplate(read.template, of(saying), { language: "es" })).toMatchObject({
      ok: true,
      text: `${of(saying).brand}: llame al 512-555-0199. Responda ALTO para no recibir mas.`,
    });
    const user = await signedIn(bench.db, org.adminId);
    const [shown] = await user.sql`select public.preview_values('initial', 'es') as answer`;
    await user.end();
    expect(shown?.answer.values.support_contact).toBe("512-555-0199");
  });

  test.each([[null], [""], ["☎️"]])("leaves everybody out while that is %j", async (contact) => {
    await setContact(contact);
    await arrangeLeads(bench.db, org.id, 1);
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [await addText(CONTENT)] });
    expect(await fatesOf(id)).toEqual(["excluded missing_variable"]);
  });

  test("is not sent without it if it was removed since the audience was built", async () => {
    await setContact("512-555-0199");
    await arrangeLeads(bench.db, org.id, 1);
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [await addText(CONTENT)] });
    await setContact(null);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
    expect(await fatesOf(id)).toEqual(["excluded missing_variable"]);
  });

  test("uses its fallback while there is none", async () => {
    await setContact(null);
    await arrangeLeads(bench.db, org.id, 1);
    const text = await addText("{brand}: escriba {support_contact|aqui}. Responda ALTO para no recibir mas.");
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [text] });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    expect(await fatesOf(id)).toEqual(["queued"]);
  });
});
