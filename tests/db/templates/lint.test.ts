// The database judges texts as the linter does by which the texts of new organisations are judged, and stores them in one form.
import { afterAll, describe, expect, it } from "vitest";
import type { TemplateCategory } from "../../../scripts/seed/lint/lint-content.ts";
import { lintTemplate } from "../../../scripts/seed/lint/lint-template.ts";
import { startBareDatabase } from "../../fixtures/start-bare-database.ts";

const { sql, close } = await startBareDatabase();
afterAll(close);

const ES = "Hola {first_name}, somos {brand}. ¿Vende su terreno? Responda ALTO para salir.";
const EN = "Hi {first_name}, we are {brand}. Would you sell? Reply STOP to opt out.";

interface Checked {
  content: string;
  variables: string[];
  required_variables: string[];
  encoding: string;
  worst_segments: number;
  issues: { code: string; severity: string; message: string; remedy: string; position: number | null }[];
}
async function check(content: string, category = "initial", language = "es", brand: string | null = null) {
  const [row] = await sql<Checked[]>`
    select (private.check_template(${content}, ${category}, ${language}, ${brand})).*`;
  return row as Checked;
}
const codesOf = ({ issues }: Checked) => issues.map(({ code }) => code);

type Case = [text: string, category?: TemplateCategory, language?: "es" | "en", brand?: string];
const CASES: Case[] = [
  [ES],
  [EN, "initial", "en"],
  [`  ${ES}\r\n{county}`],
  ["{brand} ALTO para salir", "initial", "es", "Sol"],
  ["Hola, somos Tierra Clara. Responda ALTO para salir.", "initial", "es", "Tierra Clara"],
  ["Hola, somos Tierra Clara. Responda ALTO para salir.", "initial", "es", "Otra"],
  ...[
    "Responda ALTO para salir.",
    "Para salir, responda ALTO.",
    "Conteste STOP para no recibir.",
    'Escriba "alto" y paramos.',
    "ALTO para cancelar.",
    "Reply STOP to opt out.",
    "STOP to end.",
    "Text STOP to unsubscribe.",
    "Responda BAJA para salir.",
    "¿Vende?",
    "El precio es alto, responda.",
    "STOP.",
    "Nonstop, responda.",
  ].map((wording): Case => [`Hola, somos {brand}. ${wording}`]),
  ...[
    "https://example.com/x",
    "www.example.com",
    "bit.ly/2xyz",
    "http://TinyURL.com/a",
    "https://10.0.0.1/x",
    "203.0.113.7/oferta",
    "acme.farm",
    "tierras.com.Responda",
    "we_buy.land",
    "cañón.com",
    "acme\uff0efarm",
    "acme.\u200bfarm",
    "{first_name}.com",
    "{first_name|tierras.com}",
    "ana@example.com",
    "3.5 acres",
    "Atte.Ana",
    "512.555.0142",
    "a.m.",
    "notbit.ly",
    "Go to bit.ly.",
  ].flatMap((link): Case[] => [[`${ES} ${link}`], [`${ES} ${link}`, "followup"]]),
  ["{brand} vende cerveza. Responda ALTO para salir."],
  ["{brand}: munición y pistolas. Responda ALTO para salir."],
  ["HOLA {first_name}, SOMOS {brand}. ¿VENDE SU TERRENO? RESPONDA ALTO PARA SALIR."],
  ["{brand}: reply YES to sell, or reply STOP to opt out."],
  ["{brand}: responda con CANCEL o responda ALTO para salir."],
  ["   "],
  [`{brand} ${"a".repeat(1600)} Responda ALTO para salir.`],
  [`{brand} ${"{city} ".repeat(90)} Responda ALTO para salir.`],
  ["{brand}: ¿vendería aquí? Responda ALTO para salir."],
  [`{brand} ${"palabra ".repeat(20)} Responda ALTO para salir.`],
  ["{brand}: urgente. Responda ALTO para salir."],
  ["{brand}: act now! Responda ALTO para salir."],
  ["¡¡Hola!! {brand}. Responda ALTO para salir."],
  ["{brand}: $$$ Responda ALTO para salir."],
  ["{brand}: wine country land. Responda ALTO para salir."],
  ["{brand}: ¿vende? Reply STOP to opt out."],
  ["Hola {first_name}, ¿pudo pensarlo?", "followup"],
  ["{brand}: a.com y b.com", "followup"],
  ["{brand}: llame al {support_contact}. Responda ALTO para salir.", "help"],
  ["Llame al 5551234. Responda ALTO para salir.", "help"],
  ["{brand}: llame.", "help"],
  ["Hecho. Usted ya no recibe mensajes de {brand}. Si fue un error, responda ALTA.", "stop"],
  ["You are unsubscribed from {brand}. Reply START to return.", "stop", "en"],
  ["Gracias por escribir a {brand}.", "stop"],
  ["{brand}: dado de baja. Si vende su terreno, llame.", "stop"],
  ["Usted ya no recibe mensajes de {brand}. example.com", "stop"],
  ["{brand} {first_name. Responda ALTO para salir."],
  ["{brand} {nombre}. Responda ALTO para salir."],
  ["{brand} {first_name|dueño de João} {agent_name} {parcel_id}. Responda ALTO para salir."],
  [ES, "initial", "es", "acme.farm"],
];

describe("the check of the database", () => {
  it("finds what the linter finds, with the same words", async () => {
    for (const [text, category = "initial", language = "es", brand] of CASES) {
      const expected = lintTemplate(
        text,
        category,
        language,
        brand === undefined ? {} : { known: { brand } },
      );
      const found = await check(text, category, language, brand ?? null);
      const only = found.issues.filter(({ code }) => code !== "language_mismatch");
      const say = (list: { code: string; severity: string }[]) =>
        list.map(({ code, severity }) => `${severity} ${code}`).sort();
      expect([text, category, say(only)]).toEqual([
        text,
        category,
        say([...expected.errors, ...expected.warnings]),
      ]);
      if (!expected.ok) continue;
      expect([found.content, found.variables, found.required_variables]).toEqual([
        expected.content,
        expected.variables,
        expected.required,
      ]);
      // A known brand makes the linter's worst case exact; the database counts the longest, since brands change.
      if (brand === undefined)
        expect([text, found.encoding, found.worst_segments]).toEqual([
          text,
          expected.encoding,
          expected.segments,
        ]);
    }
  });

  it("gives every issue a reason and a remedy, and says where it is", async () => {
    const found = await check("Hola {nombre} SEX casino bit.ly/x ¡¡URGENTE!! {", "initial", "es");
    expect(found.issues.map(({ code, position }) => [code, position])).toEqual(
      expect.arrayContaining([
        ["unknown_variable", 5],
        ["unbalanced_brace", 46],
      ]),
    );
    const others = await check(`${ES} casino á bit.ly/x`, "followup");
    for (const { message, remedy } of [...found.issues, ...others.issues]) {
      expect(message).toMatch(/^[\p{Lu}{].+/u);
      expect(remedy).not.toBe("");
    }
    const at = (code: string) => others.issues.find((issue) => issue.code === code)?.position;
    expect([at("forbidden_word"), at("link_shortener")]).toEqual([
      `${ES} casino`.indexOf("casino"),
      `${ES} casino á bit.ly`.indexOf("bit.ly"),
    ]);
  });

  it("names an unknown variable, and lists those that there are", async () => {
    const [issue] = (await check("{nombre} {brand}", "custom")).issues;
    expect(issue?.message).toBe("{nombre} is not a variable.");
    expect(issue?.remedy).toMatch(/\{acreage\}, \{agent_name\}, \{brand\}.*\{zip_code\}\.$/);
  });

  it("warns of a text in the other language, either way", async () => {
    expect(
      codesOf(await check("Hi, we are {brand}. Do you want to sell your land?", "followup", "es")),
    ).toContain("language_mismatch");
    expect(
      codesOf(await check("Hola, somos {brand}. ¿Quiere usted vender su terreno?", "followup", "en")),
    ).toContain("language_mismatch");
    expect(codesOf(await check(ES))).not.toContain("language_mismatch");
    expect(codesOf(await check(EN, "initial", "en"))).not.toContain("language_mismatch");
  });
});

describe("the form in which texts are stored", () => {
  it.each([
    ["{{firstName}} {{ First Name }} {first-name} {FIRST_NAME}", Array(4).fill("{first_name}").join(" ")],
    ["{{ owner_first_name | vecino }}", "{first_name|vecino}"],
    ["{company}: {{zip}}", "{brand}: {zip_code}"],
    ["{first_name|}", "{first_name|}"],
    ["  Jose\u0301\r\nb\rc\u00a0 ", "José\nb\nc"],
  ])("of %j is %j", async (given, stored) => {
    expect((await check(given, "custom")).content).toBe(stored);
  });

  it("is read again as itself", async () => {
    for (const [text, category] of CASES) {
      const first = await check(text, category);
      if (first.issues.some(({ severity }) => severity === "error")) continue;
      expect((await check(first.content, category)).content).toBe(first.content);
    }
  });

  it.each(["{".repeat(4000), "{{a}".repeat(1000), "!".repeat(4000), ".a".repeat(2000), "{a|".repeat(1300)])(
    "takes no long time to be refused: %#",
    async (text) => {
      const started = performance.now();
      expect((await check(text)).issues.length).toBeGreaterThan(0);
      // Some milliseconds by themselves: this guards against times that grow with the square.
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );
});

it("every text that organisations begin with passes, and is stored as it is", async () => {
  const rows =
    await sql`select category, language, content, variables, required_variables, encoding, worst_segments
    from private.default_templates`;
  expect(rows.length).toBeGreaterThan(20);
  for (const { category, language, ...stored } of rows) {
    const { issues, ...found } = await check(stored.content, category, language);
    expect([stored.content, issues, found]).toEqual([stored.content, [], stored]);
  }
});
