// The text that a recipient gets: values cleaned and inserted once, fallbacks, closed gaps, and never a hole.
import { describe, expect, it } from "vitest";
import { worstCaseSegments } from "../../../scripts/seed/lint/worst-case-segments.ts";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { countSegments } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import {
  canonicaliseValues,
  type RenderOptions,
  renderTemplate,
  type TemplateValues,
} from "../../../supabase/functions/_shared/sms/render-template.ts";
import { VARIABLES } from "../../../supabase/functions/_shared/sms/variables.ts";
import { makeRandom, seed } from "./make-random.ts";

function render(content: string, values: TemplateValues, options: RenderOptions = { language: "es" }) {
  const compiled = compileTemplate(content);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return renderTemplate(compiled.template, values, options);
}

const text = (content: string, values: TemplateValues, options?: RenderOptions) => {
  const result = render(content, values, options);
  return result.ok ? result.text : result;
};

describe("render-template", () => {
  it("fills in values of both brace styles", () => {
    expect(
      text("Hola {first_name}, {{companyName}} en {{county}}", {
        first_name: "Ana",
        brand: "Sol",
        county: "Webb",
      }),
    ).toBe("Hola Ana, Sol en Webb");
  });

  it("never reads a value as a template again", () => {
    expect(text("Hola {first_name}", { first_name: "{brand}", brand: "secret" })).toBe("Hola (brand)");
    expect(text("En {county}", { county: "$& $1 \\" })).toBe("En $& $1 \\");
  });

  it.each<[string, unknown, string]>([
    ["spaces around and within", "  María   José ", "María José"],
    ["line ends and tabs", "Ana\r\n\tLuisa", "Ana Luisa"],
    ["control characters", "A\u0000n\u0007a", "A n a"],
    ["zero-width and direction marks", "A\u200bn\u202ea\ufeff", "Ana"],
    ["decomposed accents", "Jose\u0301", "José"],
    ["typographic signs", "O’Brien–Ruiz", "O'Brien-Ruiz"],
    ["emoji", "Ana 😀❤️👍🏽", "Ana"],
    ["a lone surrogate", "Ana\ud83d", "Ana"],
    ["numbers", 12, "12"],
    ["zero", 0, "0"],
    ["what is too long, at a word", "María Guadalupe de los Ángeles", "María Guadalupe"],
  ])("cleans %s", (_what, value, expected) => {
    expect(text("{first_name}", { first_name: value as string })).toBe(expected);
  });

  it("cuts one word that is too long, unless it is a name", () => {
    expect(text("{county}", { county: "Wolfeschlegelsteinhausen" })).toBe("Wolfeschlegelsteinha");
    expect(text("{first_name}", { first_name: "Wolfeschlegelsteinhausen" })).toBe("propietario");
  });

  it("prefers the template's fallback to the variable's own, which depends on the language", () => {
    expect(text("Hola {first_name|amigo}", {})).toBe("Hola amigo");
    expect(text("Hola {first_name}", {})).toBe("Hola propietario");
    expect(text("Hi {first_name}", { first_name: " " }, { language: "en" })).toBe("Hi property owner");
    expect(text("Hola {first_name}", { first_name: "😀" })).toBe("Hola propietario");
  });

  it("names every variable that is missing instead of sending a hole", () => {
    expect(render("{first_name}: {county}, {city}, {county}", { county: null })).toEqual({
      ok: false,
      missing: ["county", "city"],
    });
  });

  it.each([
    ["Hola {last_name|}, soy Luz", "Hola, soy Luz"],
    ["Hola {first_name|} {last_name|} amigo", "Hola amigo"],
    ["{first_name|}, buen día", "buen día"],
    ["¡Hola {first_name|}!", "¡Hola!"],
    ["¿{first_name|}, vende?", "¿vende?"],
    ["Fin {first_name|}", "Fin"],
    ["Uno\n{first_name|} dos", "Uno\ndos"],
    ["Dos  espacios suyos", "Dos  espacios suyos"],
  ])("closes the gap of an empty value in %j", (content, expected) => {
    expect(text(content, {})).toBe(expected);
  });

  it("spells the whole message in GSM-7 when asked to", () => {
    const options: RenderOptions = { language: "es", gsmSafe: true };
    expect(text("Aquí {first_name}, ¿año? Café", { first_name: "María Núñez" }, options)).toBe(
      "Aqui Maria Nuñez, ¿año? Café",
    );
    expect(text("Hola {first_name}", { first_name: "Александр" }, options)).toBe("Hola propietario");
  });

  it("reads values under any spelling and drops unknown ones", () => {
    expect(canonicaliseValues({ firstName: "Ana", companyName: "Sol", nonsense: "x" })).toEqual({
      first_name: "Ana",
      brand: "Sol",
    });
  });

  it(`never renders a message larger than the worst case saved with the template (seed ${seed})`, () => {
    const random = makeRandom();
    const alphabet = [..."abcXYZ  áíóúñüÁÑ’–€^~|[]😀👍\u0301\n日本Ж"];
    const word = () => Array.from({ length: random.int(0, 60) }, () => random.pick(alphabet)).join("");
    for (let i = 0; i < 3_000; i++) {
      const content = Array.from({ length: random.int(1, 6) }, () =>
        random.next() < 0.5
          ? `${random.pick(["Hola ", "é año ", "aquí ", "[€] "])}`
          : `{${random.pick(VARIABLES).name}|x}`,
      ).join(" ");
      const compiled = compileTemplate(content);
      if (!compiled.ok) throw new Error(content);
      const gsmSafe = random.next() < 0.3;
      const known = { brand: "Tierra Añil", agent_name: "Luz" };
      const worst = worstCaseSegments(compiled.template, { known, gsmSafe });
      const values = Object.fromEntries(VARIABLES.map((variable) => [variable.name, word()]));
      const result = renderTemplate(compiled.template, { ...values, ...known }, { language: "es", gsmSafe });
      if (!result.ok) throw new Error(content);
      const actual = countSegments(result.text);
      expect(actual.segments, result.text).toBeLessThanOrEqual(worst.segments);
      if (worst.encoding === "GSM-7") expect(actual.encoding, result.text).toBe("GSM-7");
      expect(result.text).not.toMatch(/[{}]/);
    }
  });
});

describe("worst-case-segments", () => {
  const worst = (content: string, options = {}) => {
    const compiled = compileTemplate(content);
    if (!compiled.ok) throw new Error(content);
    return worstCaseSegments(compiled.template, options);
  };

  it("counts a name at its longest and with a character that forces UCS-2", () => {
    expect(worst("Hola {first_name}")).toEqual({ encoding: "UCS-2", segments: 1, units: 20 });
    expect(worst(`${"a".repeat(55)}{first_name}`).segments).toBe(1);
    expect(worst(`${"a".repeat(56)}{first_name}`).segments).toBe(2);
  });

  it("keeps variables that are always plain in GSM-7", () => {
    expect(worst("{zip_code} {state}")).toEqual({ encoding: "GSM-7", segments: 1, units: 13 });
  });

  it("counts values that are known as they are", () => {
    expect(worst("{brand}", { known: { brand: "Sol" } })).toEqual({
      encoding: "GSM-7",
      segments: 1,
      units: 3,
    });
    expect(worst("{brand}", { known: { brand: "Raíz" } }).encoding).toBe("UCS-2");
  });

  it("counts the fallback if it is longer or needs UCS-2", () => {
    expect(worst("{state|un estado muy lejano}").units).toBe(20);
    expect(worst("{state|aquí}").encoding).toBe("UCS-2");
  });

  it("stays in GSM-7 for templates saved with the GSM-safe spelling", () => {
    expect(worst("Aquí {first_name}", { gsmSafe: true })).toEqual({
      encoding: "GSM-7",
      segments: 1,
      units: 20,
    });
  });
});
