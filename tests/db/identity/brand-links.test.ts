// No first message has a link, whoever writes the brand or the template: the database refuses both, in the words of the settings.
import { beforeEach, describe, expect, test } from "vitest";
import { findLinks } from "../../../scripts/seed/lint/find-links.ts";
import { addTemplate } from "../../fixtures/add-templates.ts";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});
const setBrand = (brand: string) =>
  bench.sql`update public.orgs set brand = ${brand} where id = ${org.id}`.then(() => "saved", describeError);
const add = (category: string, content: string) =>
  addTemplate(bench.sql, org.id, { category, language: "es", content }).then(() => "saved", describeError);
const describeError = (error: { code?: string; message: string; detail?: string }) =>
  `${error.code} ${error.message} ${error.detail ?? ""}`;
const OPT_OUT = "Responda ALTO para salir.";

const LINKS = [
  "WeBuyLand.com",
  "webuyland.COM",
  "acme.farm",
  "acme.estate",
  "acme.xyz",
  "www.acme.land",
  "http://acme",
  "HTTPS://acme.co/x",
  "203.0.113.7",
  "203.0.113.7:8080",
  "10.0.0.1.",
  "Acme (acme.homes)",
  "we_buy.land",
  "cañón.com",
  "земля.рф",
  "acme\uff0efarm",
  "acme\u3002farm",
  "acme.\u200bfarm",
  "x.com@acme",
];
const NAMES = [
  "Acme",
  "Acme Land Co.",
  "J.R. Land",
  "St. Louis Land",
  "St.Louis Land",
  "Land Co. Inc.",
  "No.1 Land",
  "A. B. & C.",
  "...",
  ".com",
  "info@acme.com",
  "1.25.300.4",
  "512.555.0142",
  "¿Tierra?¡Sí!",
  "3.5 acres",
  "Acme .com",
];

describe("what is a link", () => {
  test.each(LINKS)("%j is one, in SQL and for the linter", async (text) => {
    const [row] = await bench.sql`select private.find_link(${text}) as link`;
    expect(row?.link).not.toBeNull();
    expect(findLinks(text)).not.toEqual([]);
  });
  test.each(NAMES)("%j is none, in SQL and for the linter", async (text) => {
    const [row] = await bench.sql`select private.find_link(${text}) as link`;
    expect(row?.link).toBeNull();
    expect(findLinks(text)).toEqual([]);
  });
  test("every top-level domain is known to both", async () => {
    const names = (await bench.sql`select name from private.top_level_domains`).map(
      (row) => row.name as string,
    );
    expect(names.length).toBeGreaterThan(1_400);
    const found = await bench.sql`
      select n.name from unnest(${names}::text[]) as n(name) where private.find_link('acme.' || n.name) is null`;
    expect(found).toEqual([]);
    expect(names.filter((name) => findLinks(`acme.${name}`).length === 0)).toEqual([]);
  });
  test("a long text takes no long time", async () => {
    const text = "a.b-c@d ".repeat(20_000);
    const [row] = await bench.sql`select private.find_link(${text}) as link`;
    expect(row?.link).toBeNull();
  });
});

describe("the brand", () => {
  test.each(LINKS.filter((text) => text.length <= 25))(
    "%j is refused, naming the field and the remedy",
    async (brand) => {
      const said = await setBrand(brand);
      expect(said).toContain("PT422");
      expect(said).toContain('"field": "brand"');
      expect(said).toMatch(/brand is a link .*without the dot or with a space/);
    },
  );
  test.each(NAMES)("%j is saved", async (brand) => {
    expect(await setBrand(brand)).toBe("saved");
  });
  test("that makes a link within an active first message is refused, naming the template", async () => {
    await setBrand("Acme Land");
    expect(await add("initial", `Somos {brand}. ${OPT_OUT}`)).toBe("saved");
    await bench.sql`
      insert into public.templates (org_id, category, language, name, content, encoding, worst_segments, is_active)
      values (${org.id}, 'initial', 'es', 'dotted', ${`Somos {Company Name}.com. ${OPT_OUT}`}, 'GSM-7', 1, false)`;
    // A template that is not active holds nothing up, and can't be activated.
    expect(await setBrand("Acme")).toBe("saved");
    const activated =
      await bench.sql`update public.templates set is_active = true where name = 'dotted'`.then(
        () => "saved",
        describeError,
      );
    expect(activated).toMatch(/PT422.*A first message may not have a link \(Acme\.com/);
  });
  test("of a person who signs up with the name of a site has spaces", async () => {
    const signUp = async (name: string) => {
      const [made] = await bench.sql`select private.create_org(${name}) as id`;
      const [row] = await bench.sql`select name, brand from public.orgs where id = ${made?.id}`;
      return row;
    };
    expect(await signUp("www.WeBuyLand.com")).toEqual({
      name: "www.WeBuyLand.com",
      brand: "www WeBuyLand com",
    });
    for (const name of ["http://acme", "john.me", "203.0.113.7", "...", "Ana"])
      expect((await signUp(name))?.name).toBe(name);
  });
});

describe("a template", () => {
  test.each([
    ["initial", `Somos {brand}, acme.farm. ${OPT_OUT}`, "acme.farm"],
    ["initial", `{brand} {first_name|acme.com}. ${OPT_OUT}`, "acme.com"],
    ["initial", `{brand} {{county}}.land. ${OPT_OUT}`, "X.land"],
    ["initial", `{brand}.com. ${OPT_OUT}`, ".com"],
    ["stop", "{brand}: no recibirá más. 203.0.113.7", "203.0.113.7"],
  ])("%s %j is refused", async (category, content, link) => {
    const said = await add(category, content);
    expect(said).toMatch(/PT422.*may not have a link/);
    expect(said).toContain('"field": "content"');
    expect(said).toContain(link);
  });
  test.each([
    ["initial", `Somos {brand}. ${OPT_OUT}`],
    ["followup", "Mire acme.farm, {first_name}."],
    ["help", "{brand}: acme.farm"],
  ])("%s %j is saved", async (category, content) => {
    expect(await add(category, content)).toBe("saved");
  });
});
