// The names that people are greeted by.
import { describe, expect, it } from "vitest";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { renderTemplate } from "../../../supabase/functions/_shared/sms/render-template.ts";

function greet(variable: string, value: string): string {
  const compiled = compileTemplate(`Hola {${variable}|amigo}, soy Luz.`);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const result = renderTemplate(compiled.template, { [variable]: value }, { language: "es" });
  if (!result.ok) throw new Error(value);
  return /^Hola (.*), soy Luz\.$/.exec(result.text)?.[1] ?? result.text;
}

describe("a first name", () => {
  it.each([
    ["Maria del Carmen", "Maria"],
    ["María de los Ángeles", "María"],
    ["Guadalupe del Rosario", "Guadalupe"],
    ["Ana Sofia de la", "Ana Sofia"],
    ["Mary Ann & Robert", "Mary Ann"],
    ["Maria, Jose & Luis", "Maria, Jose"],
    ["John &", "John"],
    ["John and", "John"],
    ["Jose y Guadalupe", "Jose"],
    ["Christopher-James", "Christopher"],
    ["Jean-Pierre-François", "Jean-Pierre"],
    ["Robert (Bobby Lee)", "Robert"],
    ['Robert "Bob Lee" J', "Robert"],
    ["Dr. Maria Elena", "Maria Elena"],
    ["Mr. & Mrs. John", "John"],
    ["Sr. Juan", "Juan"],
    ["JUAN DE LA", "JUAN"],
  ])("%j greets %j", (value, expected) => {
    expect(greet("first_name", value)).toBe(expected);
  });

  it.each(["Vi", "Y", "Al", "Van", "Del", "Don", "Na", "J.", "John W", "D'Angelo", "Ng"])(
    "%j is one",
    (value) => {
      expect(greet("first_name", value)).toBe(value);
    },
  );

  it.each([
    "-",
    ".",
    "--",
    "?",
    "N/A",
    "n/a",
    "NULL",
    "none",
    "Mr.",
    "Mrs",
    "Dr.",
    "&",
    "and",
    "unknown",
    "Owner",
    "Sin nombre",
  ])("%j is none", (value) => {
    expect(greet("first_name", value)).toBe("amigo");
  });
});

describe("a last or full name", () => {
  it.each([
    ["last_name", "de la Cruz", "de la Cruz"],
    ["last_name", "Garcia Rodriguez de la Cruz", "Garcia Rodriguez"],
    ["last_name", "N/A", "amigo"],
    ["full_name", "Juan Carlos Hernandez de la Garza", "Juan Carlos Hernandez"],
    ["full_name", "Zoe Y", "Zoe Y"],
    ["full_name", "John Smith &", "John Smith"],
    ["full_name", "Maria-Antonia Fernandez-Villarreal", "Maria-Antonia Fernandez"],
  ])("%s %j greets %j", (variable, value, expected) => {
    expect(greet(variable, value)).toBe(expected);
  });
});
