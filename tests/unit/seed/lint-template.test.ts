// What the linter refuses, warns of and accepts.
import { describe, expect, it } from "vitest";
import type { TemplateCategory } from "../../../scripts/seed/lint/lint-content.ts";
import { lintTemplate } from "../../../scripts/seed/lint/lint-template.ts";
import type { Language } from "../../../supabase/functions/_shared/sms/variables.ts";

const GOOD_ES = "Hola {first_name}, somos {brand}. ¿Vende su terreno? Responda ALTO para salir.";
const GOOD_EN = "Hi {first_name}, we are {brand}. Would you sell? Reply STOP to opt out.";

const codes = (content: string, category: TemplateCategory = "initial", language: Language = "es") => {
  const result = lintTemplate(content, category, language);
  return {
    ok: result.ok,
    errors: result.errors.map(({ code }) => code),
    warnings: result.warnings.map(({ code }) => code),
  };
};
const clean = { ok: true, errors: [], warnings: [] };

describe("lint-template on first messages", () => {
  it("accepts good ones in both languages", () => {
    expect(codes(GOOD_ES)).toEqual(clean);
    expect(codes(GOOD_EN, "initial", "en")).toEqual(clean);
  });

  it("gives the text to store, its variables and its worst case", () => {
    expect(lintTemplate(`  ${GOOD_ES}\r\n{county}`, "initial", "es")).toMatchObject({
      content: `${GOOD_ES}\n{county}`,
      variables: ["first_name", "brand", "county"],
      required: ["brand", "county"],
      encoding: "UCS-2",
      segments: 2,
    });
    expect(
      lintTemplate("{brand} ALTO para salir", "initial", "es", { known: { brand: "Sol" } }),
    ).toMatchObject({
      encoding: "GSM-7",
      segments: 1,
    });
  });

  it("accepts the brand written out when it is known", () => {
    const text = "Hola, somos Tierra Clara. Responda ALTO para salir.";
    expect(lintTemplate(text, "initial", "es", { known: { brand: "Tierra Clara" } }).ok).toBe(true);
    expect(lintTemplate(text, "initial", "es", { known: { brand: "Otra" } }).ok).toBe(false);
  });

  it.each([
    ["Responda ALTO para salir."],
    ["Para salir, responda ALTO."],
    ["Conteste STOP para no recibir."],
    ['Escriba "alto" y paramos.'],
    ["ALTO para cancelar."],
    ["Reply STOP to opt out."],
    ["STOP to end."],
    ["Text STOP to unsubscribe."],
    ["Responda BAJA para salir."],
  ])("takes %j for opt-out wording", (wording) => {
    expect(codes(`Hola, somos {brand}. ${wording}`).errors).toEqual([]);
  });

  it.each([
    ["Hola, somos {brand}. ¿Vende?"],
    ["Hola, somos {brand}. El precio es alto, responda."],
    ["Hola, somos {brand}. STOP."],
    ["Hola, somos {brand}. Nonstop, responda."],
  ])("misses opt-out wording in %j", (text) => {
    expect(codes(text).errors).toEqual(["missing_opt_out"]);
  });

  it.each([
    ["https://example.com/x", ["link_not_allowed"]],
    ["www.example.com", ["link_not_allowed"]],
    ["tierras.com", ["link_not_allowed"]],
    ["bit.ly/2xyz", ["link_shortener", "link_not_allowed"]],
    ["http://TinyURL.com/a", ["link_shortener", "link_not_allowed"]],
    ["https://10.0.0.1/x", ["link_not_allowed"]],
    ["10.0.0.1", ["link_not_allowed"]],
    ["203.0.113.7/oferta", ["link_not_allowed"]],
    ["acme.farm", ["link_not_allowed"]],
    ["acme.estate", ["link_not_allowed"]],
    ["acme.xyz/oferta", ["link_not_allowed"]],
    ["tierras.com.Responda", ["link_not_allowed"]],
    ["we_buy.land", ["link_not_allowed"]],
    ["cañón.com", ["link_not_allowed"]],
    ["земля.рф", ["link_not_allowed"]],
    ["acme\uff0efarm", ["link_not_allowed"]],
    ["acme.\u200bfarm", ["link_not_allowed"]],
    ["{first_name}.com", ["link_not_allowed"]],
    ["{first_name|tierras.com}", ["link_not_allowed"]],
  ])("refuses the link %s", (link, errors) => {
    expect(codes(`${GOOD_ES} ${link}`).errors).toEqual(errors);
  });

  it.each([
    "ana@example.com",
    "3.5 acres",
    "EE.UU.",
    "Atte.Ana",
    "hoy.Responda",
    "St.Louis",
    "J.R. Land Co.",
    "512.555.0142",
    "1.25.300.4",
    "$1.500.000",
    "a.m.",
    "Land Co. Inc.",
  ])("takes %s for no link", (text) => {
    expect(codes(`${GOOD_ES} ${text}`).errors).toEqual([]);
  });

  it.each([
    ["{brand} vende cerveza. Responda ALTO para salir.", "forbidden_word"],
    ["{brand}: casino. Responda ALTO para salir.", "forbidden_word"],
    ["{brand}: munición y pistolas. Responda ALTO para salir.", "forbidden_word"],
    ["HOLA {first_name}, SOMOS {brand}. ¿VENDE SU TERRENO? RESPONDA ALTO PARA SALIR.", "all_capitals"],
    ["{brand}: reply YES to sell, or reply STOP to opt out.", "twilio_keyword"],
    ["{brand}: responda INFO para saber, o responda ALTO para salir.", "twilio_keyword"],
    ["{brand}: responda con CANCEL o responda ALTO para salir.", "twilio_keyword"],
    ["{brand} {first_name. Responda ALTO para salir.", "unbalanced_brace"],
    ["{brand} {nombre}. Responda ALTO para salir.", "unknown_variable"],
    ["Hola {first_name}. Responda ALTO para salir.", "missing_brand"],
    ["   ", "empty"],
    [`{brand} ${"a".repeat(1600)} Responda ALTO para salir.`, "too_long"],
    [`{brand} ${"{city} ".repeat(90)} Responda ALTO para salir.`, "too_long"],
  ])("refuses %j", (text, code) => {
    expect(codes(text).errors).toContain(code);
  });

  it.each([
    ["{brand}: ¿vendería aquí? Responda ALTO para salir.", "not_gsm"],
    [`{brand} ${"palabra ".repeat(20)} Responda ALTO para salir.`, "many_segments"],
    ["{brand}: urgente. Responda ALTO para salir.", "spammy_phrase"],
    ["{brand}: act now! Responda ALTO para salir.", "spammy_phrase"],
    ["¡¡Hola!! {brand}. Responda ALTO para salir.", "loud"],
    ["{brand}: wine country land. Responda ALTO para salir.", "doubtful_word"],
    ["{brand}: ¿vende? Reply STOP to opt out.", "opt_out_language"],
  ])("warns of %j but lets it pass", (text, code) => {
    const found = codes(text);
    expect(found.ok).toBe(true);
    expect(found.warnings).toContain(code);
  });

  it("gives every finding a reason and a remedy", () => {
    const bad = "{nombre} SEX casino bit.ly/x ¡¡URGENTE!! reply YES á 😀";
    const { errors, warnings } = lintTemplate(bad, "initial", "es");
    const more = lintTemplate("Hola cerveza bit.ly/x YES reply YES", "initial", "es").errors;
    expect(errors.length + warnings.length + more.length).toBeGreaterThan(5);
    for (const { message, remedy } of [...errors, ...warnings, ...more]) {
      expect(message).toMatch(/^[^a-z].*[.)?]$/u);
      expect(remedy).not.toBe("");
    }
  });

  it("offers the cheaper spelling with the cost of both", () => {
    const text = `{brand}: aquí ${"cerca ".repeat(8)}. ¿Vende? Responda ALTO para salir.`;
    const { gsmSafe } = lintTemplate(text, "initial", "es");
    expect(gsmSafe).toMatchObject({
      before: { encoding: "UCS-2", segments: 2 },
      after: { encoding: "GSM-7", segments: 1 },
    });
    expect(lintTemplate(GOOD_ES, "initial", "es").gsmSafe).toBeUndefined();
  });
});

describe("lint-template on the other categories", () => {
  it.each(["WeBuyLand.com", "acme.farm", "203.0.113.7"])(
    "refuses a first message under the brand %s, and says that the brand is the link",
    (brand) => {
      const linted = lintTemplate(GOOD_ES, "initial", "es", { known: { brand } });
      expect(linted.errors.map(({ code }) => code)).toEqual(["link_not_allowed"]);
      expect(linted.errors[0]?.message).toContain(`${brand}, the brand`);
      expect(linted.errors[0]?.remedy).toContain("Change brand in the settings");
      expect(lintTemplate(GOOD_ES, "followup", "es", { known: { brand } }).errors).toEqual([]);
    },
  );

  it("refuses a first message that makes a link of the brand", () => {
    const text = GOOD_ES.replace("{brand}", "{brand}.com");
    for (const options of [{}, { known: { brand: "Acme" } }])
      expect(lintTemplate(text, "initial", "es", options).errors.map(({ code }) => code)).toEqual([
        "link_not_allowed",
      ]);
  });

  it("lets a follow-up do without opt-out wording and carry one link", () => {
    expect(codes("Hola {first_name}, {brand} otra vez. ¿Pudo pensarlo? example.com", "followup")).toEqual(
      clean,
    );
    expect(codes("Hola {first_name}, ¿pudo pensarlo?", "followup").warnings).toEqual(["missing_brand"]);
    expect(codes("{brand}: a.com y b.com", "followup").warnings).toEqual(["several_links"]);
  });

  it("asks an answer to HELP for the brand and recommends opt-out wording", () => {
    expect(codes("{brand}: llame al {support_contact}. Responda ALTO para salir.", "help")).toEqual(clean);
    expect(codes("Llame al 5551234. Responda ALTO para salir.", "help").errors).toEqual(["missing_brand"]);
    expect(codes("{brand}: llame.", "help").warnings).toEqual(["missing_opt_out"]);
  });

  it("allows a stop confirmation to confirm and nothing else", () => {
    expect(
      codes("Hecho. Usted ya no recibe mensajes de {brand}. Si fue un error, responda ALTA.", "stop"),
    ).toEqual(clean);
    expect(codes("You are unsubscribed from {brand}. Reply START to return.", "stop", "en")).toEqual(clean);
    expect(codes("Gracias por escribir a {brand}.", "stop").errors).toEqual(["not_a_confirmation"]);
    expect(codes("{brand}: dado de baja. Si vende su terreno, llame.", "stop").errors).toEqual([
      "marketing_in_stop",
    ]);
    expect(codes("Usted ya no recibe mensajes de {brand}. example.com", "stop").errors).toEqual([
      "link_not_allowed",
    ]);
  });
});
