// Whole messages as people get them: owners' names and counties as in lists, in our own texts and in others, rendered with
// missing
// values, and counted as by Twilio's calculator.
import { SegmentedMessage } from "sms-segments-calculator";
import { describe, expect, it } from "vitest";
import { buildDefaultTemplates } from "../../../scripts/seed/build-default-templates.ts";
import { TEMPLATE_GROUPS } from "../../../scripts/seed/data/default-templates.ts";
import { worstCaseSegments } from "../../../scripts/seed/lint/worst-case-segments.ts";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { countSegments } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import { renderTemplate } from "../../../supabase/functions/_shared/sms/render-template.ts";
import { VARIABLES } from "../../../supabase/functions/_shared/sms/variables.ts";
import { makeRandom, seed } from "./make-random.ts";

const compile = (content: string) => {
  const compiled = compileTemplate(content);
  if (!compiled.ok) throw new Error(`${content}: ${JSON.stringify(compiled.problems)}`);
  return compiled.template;
};

/** Values as in lists: with accents composed and decomposed, emoji, foreign scripts, or empty. */
const NAMES = [
  "María",
  "Mari\u0301a",
  "José",
  "Jose\u0301",
  "JOSÉ",
  "Núñez",
  "Nu\u0301n\u0303ez",
  "Peña",
  "Ángel",
  "Muñoz",
  "Guadalupe",
  "O’Brien",
  "D'Angelo",
  "Müller",
  "François",
  "Søren",
  "Łukasz",
  "Zoë",
  "Nguyễn",
  "Юрий",
  "李",
  "Rosa 🌵",
  "🙂",
  "👨‍👩‍👧",
  "  ",
  "",
  "\u200b",
  "Ana\u00a0Luisa",
  "Rosa\r\nElena",
  "St. John the Baptist",
  "{first_name}",
];
const TEXTS = [
  "Hola {first_name}, ¿vendería su terreno de {county}? {brand}",
  "Hola {first_name|}, somos {brand}. Compramos {acreage|} acres en {county|su condado}.",
  "Hi {{firstName}}, is {property_address|your land} in {city|}, {state|} for sale?",
  "¡{full_name|Vecino}! Le escribe {agent_name} – {today}",
  "{last_name|} {first_name|} {county|} {brand|}",
];

describe("rendered messages", () => {
  const templates = [...buildDefaultTemplates(TEMPLATE_GROUPS).map(({ content }) => content), ...TEXTS].map(
    compile,
  );

  it(`are counted as Twilio's calculator counts them, 2,000 times (seed ${seed})`, () => {
    const random = makeRandom();
    let accented = 0;
    let withHole = 0;
    for (let i = 0; i < 2_000; i++) {
      const template = random.pick(templates);
      const values = Object.fromEntries(
        VARIABLES.filter(() => random.next() < 0.85).map(({ name }) => [
          name,
          random.next() < 0.2 ? `${random.pick(NAMES)} ${random.pick(NAMES)}` : random.pick(NAMES),
        ]),
      );
      const options = { language: random.pick(["es", "en"] as const), gsmSafe: random.next() < 0.3 };
      const rendered = renderTemplate(template, values, options);
      if (!rendered.ok) {
        expect(rendered.missing.every((name) => template.required.includes(name))).toBe(true);
        withHole++;
        continue;
      }
      const { text } = rendered;
      expect(text).toBe(text.normalize("NFC"));
      expect(text).not.toMatch(/[{}\r\u200b]|undefined|null|\p{Extended_Pictographic}/u);
      const ours = countSegments(text);
      const theirs = new SegmentedMessage(text);
      expect({ text, encoding: ours.encoding, segments: ours.segments }).toEqual({
        text,
        encoding: theirs.encodingName,
        segments: theirs.segmentsCount,
      });
      const known = {
        brand: values.brand,
        agent_name: values.agent_name,
        support_contact: values.support_contact,
      };
      expect(ours.segments).toBeLessThanOrEqual(worstCaseSegments(template, { known, ...options }).segments);
      if (ours.encoding === "UCS-2") accented++;
    }
    // All three cases occur often enough to test something.
    expect(accented).toBeGreaterThan(500);
    expect(withHole).toBeGreaterThan(100);
    expect(accented + withHole).toBeLessThan(4_500);
  });
});

describe("a value that is missing", () => {
  const EMPTY = [undefined, null, "", "   ", "\u200b", "🙂", "\t\n"];

  it.each(VARIABLES.map((variable) => [variable.name, variable] as const))("%s", (name, variable) => {
    for (const value of EMPTY) {
      const render = (content: string, language: "es" | "en") =>
        renderTemplate(compile(content), { [name]: value }, { language });
      // The template's own fallback, in any language.
      expect(render(`Hola {${name}|vecino}!`, "en")).toEqual({ ok: true, text: "Hola vecino!" });
      // Left out if the template says so.
      expect(render(`Hola {${name}|}!`, "es")).toEqual({ ok: true, text: "Hola!" });
      // Else the variable's own, by language, or no message at all.
      for (const language of ["es", "en"] as const) {
        const own = variable.fallback?.[language];
        expect(render(`Hola {${name}}!`, language)).toEqual(
          own === undefined ? { ok: false, missing: [name] } : { ok: true, text: `Hola ${own}!` },
        );
      }
    }
  });

  it("in another script counts as missing only if the message must stay in GSM-7", () => {
    const template = compile("Hola {first_name|vecino}");
    const render = (gsmSafe: boolean) =>
      renderTemplate(template, { first_name: "Юрий" }, { language: "es", gsmSafe });
    expect(render(false)).toEqual({ ok: true, text: "Hola Юрий" });
    expect(render(true)).toEqual({ ok: true, text: "Hola vecino" });
  });
});
