// How templates are read: brace styles, spellings, fallbacks, and what is refused with which advice.
import { describe, expect, it } from "vitest";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { suggestVariable } from "../../../supabase/functions/_shared/sms/suggest-variable.ts";
import { findVariable, VARIABLES, variableKey } from "../../../supabase/functions/_shared/sms/variables.ts";

const compiled = (content: string) => {
  const result = compileTemplate(content);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.template;
};

const problems = (content: string) => {
  const result = compileTemplate(content);
  return result.ok ? [] : result.problems;
};

describe("compile-template", () => {
  it.each([
    "{first_name}",
    "{firstName}",
    "{{firstName}}",
    "{{first_name}}",
    "{ first_name }",
    "{{ firstName }}",
    "{FIRST_NAME}",
    "{First Name}",
  ])("reads %s as the first name", (token) => {
    expect(compiled(`Hola ${token}.`).parts).toEqual(["Hola ", { variable: "first_name" }, "."]);
  });

  it.each([
    ["firstName", "first_name"],
    ["lastName", "last_name"],
    ["phone", "phone"],
    ["email", "email"],
    ["city", "city"],
    ["state", "state"],
    ["county", "county"],
    ["propertyType", "property_type"],
    ["propertyAddress", "property_address"],
    ["today", "today"],
    ["companyName", "brand"],
    ["agentName", "agent_name"],
    ["brand", "brand"],
  ])("knows {{%s}} of the dashboard as %s", (spelling, name) => {
    expect(compiled(`{{${spelling}}}`).variables).toEqual([name]);
  });

  it("gives no two variables the same spelling", () => {
    const spellings = VARIABLES.flatMap((variable) => [variable.name, ...variable.aliases].map(variableKey));
    expect(new Set(spellings).size).toBe(spellings.length);
  });

  it("lists variables once, in order of first use, and those without any fallback as required", () => {
    const template = compiled("{first_name}, {brand}: {county}? {first_name} {city|su zona}");
    expect(template.variables).toEqual(["first_name", "brand", "county", "city"]);
    expect(template.required).toEqual(["brand", "county"]);
  });

  it("reads a fallback, also an empty one", () => {
    expect(compiled("{first_name|vecino}{{last_name | }}").parts).toEqual([
      { variable: "first_name", fallback: "vecino" },
      { variable: "last_name", fallback: "" },
    ]);
  });

  it("stores decomposed accents composed and line ends as LF", () => {
    expect(compiled("  Jose\u0301\r\n{brand}\r ").parts).toEqual(["José\n", { variable: "brand" }]);
  });

  it.each([
    ["Hola {first_name", 5],
    ["Hola first_name}", 15],
    ["Hola {{first_name}", 5],
    ["Hola {first_name}}", 17],
    ["{brand} { {county}", 8],
    ["{{{first_name}}}", 0],
  ])("refuses unbalanced braces in %j and says where", (content, position) => {
    expect(problems(content)[0]).toMatchObject({ code: "unbalanced_brace", position });
  });

  it.each([
    ["{fist_name}", "first_name"],
    ["{frist_name}", "first_name"],
    ["{firstname1}", "first_name"],
    ["{lastnme}", "last_name"],
    ["{conty}", "county"],
    ["{brnd}", "brand"],
    ["{companyNam}", "brand"],
    ["{nombre}", "first_name"],
    ["{condado}", "county"],
    ["{dirección}", "property_address"],
    ["{empresa}", "brand"],
  ])("refuses %s and suggests {%s}", (token, name) => {
    const [problem] = problems(`Hola ${token}`);
    expect(problem).toMatchObject({ code: "unknown_variable", position: 5 });
    expect(problem?.message).toContain(`Did you mean {${name}}?`);
  });

  it("suggests nothing if no name is near, and never an unknown name", () => {
    expect(problems("{zzzzzz}")[0]?.message).not.toContain("Did you mean");
    expect(problems("{}")[0]?.message).toContain("no name");
    for (const wrong of ["nam", "conty", "agnt", "acrs", "apellido"]) {
      const suggestion = suggestVariable(wrong);
      expect(findVariable(suggestion ?? "")?.name).toBe(suggestion);
    }
  });

  it("names every problem at once", () => {
    expect(problems("{foo123456} y {bar987654} y }").map((problem) => problem.code)).toEqual([
      "unknown_variable",
      "unknown_variable",
      "unbalanced_brace",
    ]);
  });
});
