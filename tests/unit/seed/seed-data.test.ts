// The platform's initial data is complete, lawful as far as we know, and generated from the checked-in files.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { buildDefaultTemplates } from "../../../scripts/seed/build-default-templates.ts";
import { easter, formatDay } from "../../../scripts/seed/calendar.ts";
import { computeHolidays } from "../../../scripts/seed/compute-holidays.ts";
import { computeStateHolidays } from "../../../scripts/seed/compute-state-holidays.ts";
import { TEMPLATE_GROUPS } from "../../../scripts/seed/data/default-templates.ts";
import { STATE_RULES } from "../../../scripts/seed/data/quiet-hour-rules.ts";
import { STATE_HOLIDAYS } from "../../../scripts/seed/data/state-holidays.ts";
import { expandQuietHours } from "../../../scripts/seed/expand-quiet-hours.ts";
import { lintTemplate } from "../../../scripts/seed/lint/lint-template.ts";
import { normaliseWords } from "../../../scripts/seed/lint/normalise-words.ts";
import { readAreaCodes } from "../../../scripts/seed/read-area-codes.ts";
import { writeSeedSql } from "../../../scripts/seed/write-seed-sql.ts";
import { parseState, US_STATES } from "../../../supabase/functions/_shared/leads/us-states.ts";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { countSegments } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import { renderTemplate } from "../../../supabase/functions/_shared/sms/render-template.ts";

const seedFolder = fileURLToPath(new URL("../../../supabase/seed/", import.meta.url));
const dataFolder = fileURLToPath(new URL("../../../scripts/seed/data/", import.meta.url));
const areaCodes = readAreaCodes(`${dataFolder}area-codes.csv`);
const templates = buildDefaultTemplates(TEMPLATE_GROUPS);

describe("default templates", () => {
  const count = (category: string, language: string) =>
    templates.filter((template) => template.category === category && template.language === language).length;

  it("are enough in both languages", () => {
    expect(count("initial", "es")).toBeGreaterThanOrEqual(24);
    expect(count("initial", "en")).toBeGreaterThanOrEqual(8);
    for (const language of ["es", "en"]) {
      for (const category of ["followup", "help", "stop"])
        expect(count(category, language)).toBeGreaterThanOrEqual(1);
    }
  });

  it("have names and keys of their own", () => {
    expect(new Set(templates.map(({ name }) => name)).size).toBe(templates.length);
    expect(new Set(templates.map(({ key }) => key)).size).toBe(templates.length);
  });

  it.each(templates)("$key passes the linter without a warning and renders into one segment", (template) => {
    const { category, language, content, worstSegments } = template;
    const linted = lintTemplate(content, category as "initial", language as "es");
    expect([...linted.errors, ...linted.warnings]).toEqual([]);
    expect(worstSegments).toBeLessThanOrEqual(2);
    const compiled = compileTemplate(content);
    if (!compiled.ok) throw new Error(content);
    const owner = { first_name: "Guadalupe", county: "San Bernardino", brand: "Tierra Clara Land Buyers" };
    for (const values of [owner, { brand: owner.brand }]) {
      const rendered = renderTemplate(compiled.template, values, { language: language as "es" });
      if (!rendered.ok) throw new Error(`${content}: ${rendered.missing}`);
      expect(countSegments(rendered.text)).toMatchObject({ encoding: "GSM-7", segments: 1 });
    }
  });

  it("name the owner, the county and the brand in every first message", () => {
    for (const { content, variables } of templates.filter(({ category }) => category === "initial")) {
      expect([...variables].sort(), content).toEqual(["brand", "county", "first_name"]);
    }
  });

  it("differ from each other in structure, not by a word", () => {
    const wordsOf = (content: string) =>
      new Set(
        normaliseWords(
          content.replace(/\{(\w+)[^}]*\}/g, "$1").replace(/[^.?!]*(?:ALTO|STOP)[^.?!]*[.!?]/, ""),
        ).split(" "),
      );
    for (const [index, a] of templates.entries()) {
      for (const b of templates.slice(index + 1)) {
        const [first, second] = [wordsOf(a.content), wordsOf(b.content)];
        const common = [...first].filter((word) => second.has(word)).length;
        expect(common / (first.size + second.size - common), `${a.content} / ${b.content}`).toBeLessThan(
          0.75,
        );
      }
    }
  });

  it("stop the generator when one is not fit to send", () => {
    const group = {
      category: "initial",
      language: "es",
      name: "X",
      contents: ["Hola {first_name}"],
    } as const;
    expect(() => buildDefaultTemplates([{ ...group, contents: [...group.contents] }])).toThrow(
      /X 01: .*who is writing/,
    );
  });
});

describe("quiet-hour rules", () => {
  const rows = expandQuietHours(STATE_RULES);
  const hours = (state: string, dow: number) => {
    const row = rows.find((candidate) => candidate.state === state && candidate.dow === dow);
    return row?.opens ? `${row.opens}-${row.closes}` : "closed";
  };

  it("have seven days for the federal rule, the default, the unknown place and each state", () => {
    expect(rows.length).toBe(STATE_RULES.length * 7);
    expect(new Set(STATE_RULES.map(({ state }) => state)).size).toBe(STATE_RULES.length);
    for (const { state } of STATE_RULES) expect(state).toMatch(/^(US|\*|\?\?)$|^[A-Z]{2}$/);
    for (const { state, source } of STATE_RULES) expect(source.length, state).toBeGreaterThan(10);
  });

  it.each([
    ["US", "08:00-21:00", "08:00-21:00", "08:00-21:00"],
    ["*", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
    ["??", "10:00-18:00", "10:00-17:00", "closed"],
    ["AL", "08:00-20:00", "08:00-20:00", "closed"],
    ["CT", "09:00-20:00", "09:00-20:00", "09:00-20:00"],
    ["FL", "08:00-20:00", "08:00-20:00", "08:00-20:00"],
    ["IL", "09:00-21:00", "09:00-21:00", "09:00-21:00"],
    ["KY", "10:00-21:00", "10:00-21:00", "10:00-21:00"],
    ["LA", "08:00-20:00", "08:00-20:00", "closed"],
    ["MS", "08:00-20:00", "08:00-20:00", "closed"],
    ["PA", "09:00-20:00", "09:00-12:00", "closed"],
    ["RI", "09:00-18:00", "10:00-17:00", "closed"],
    ["TX", "09:00-21:00", "09:00-21:00", "12:00-21:00"],
  ])("of %s are %s, Saturdays %s, Sundays %s", (state, weekdays, saturday, sunday) => {
    for (const dow of [1, 2, 3, 4, 5]) expect(hours(state, dow)).toBe(weekdays);
    expect(hours(state, 6)).toBe(saturday);
    expect(hours(state, 0)).toBe(sunday);
  });

  it("of the unknown place are within every state's", () => {
    for (const dow of [1, 2, 3, 4, 5, 6]) {
      const [opens, closes] = hours("??", dow).split("-") as [string, string];
      // Pennsylvania's Saturday (9-12) is left out: within it and Kentucky's (10-21) only two hours would remain.
      for (const { state } of STATE_RULES.filter((rule) => !(rule.state === "PA" && dow === 6))) {
        const [from = "", to = ""] = hours(state, dow).split("-");
        expect(opens >= from && closes <= to, `${state} ${dow}`).toBe(true);
      }
    }
  });

  it("limit messages per day and close on holidays if a state does", () => {
    const where = (test: (row: (typeof rows)[number]) => boolean) =>
      [...new Set(rows.filter(test).map(({ state }) => state))].sort();
    expect(where(({ maxPer24h }) => maxPer24h === 3)).toEqual(["FL", "MD", "OK", "OR"]);
    const closing = ["AL", "LA", "MS", "PA", "RI", "UT"];
    expect(where(({ closedOnHolidays }) => closedOnHolidays)).toEqual(["??", ...closing]);
    expect(where(({ closedOnStateHolidays }) => closedOnStateHolidays)).toEqual(closing);
    expect([...new Set(STATE_HOLIDAYS.map(({ state }) => state))].sort()).toEqual(closing);
  });
});

describe("federal holidays", () => {
  const days = computeHolidays(2026, 2032);
  const names = new Map(days.map(({ day, name }) => [day, name]));

  it.each([
    ["2026-01-01", "New Year's Day"],
    ["2026-01-19", "Birthday of Martin Luther King, Jr."],
    ["2026-02-16", "Washington's Birthday"],
    ["2026-05-25", "Memorial Day"],
    ["2026-06-19", "Juneteenth National Independence Day"],
    ["2026-07-03", "Independence Day (observed)"],
    ["2026-07-04", "Independence Day"],
    ["2026-09-07", "Labor Day"],
    ["2026-10-12", "Columbus Day"],
    ["2026-11-11", "Veterans Day"],
    ["2026-11-26", "Thanksgiving Day"],
    ["2026-12-25", "Christmas Day"],
    ["2027-06-18", "Juneteenth National Independence Day (observed)"],
    ["2027-12-31", "New Year's Day (observed)"],
    ["2028-11-10", "Veterans Day (observed)"],
    ["2032-12-31", "New Year's Day (observed)"],
  ])("%s is %s", (day, name) => {
    expect(names.get(day)).toBe(name);
  });

  it("have each day once, from 2026 to 2032", () => {
    expect(names.size).toBe(days.length);
    expect(days[0]?.day).toBe("2026-01-01");
    expect(days.at(-1)?.day).toBe("2032-12-31");
    for (let year = 2026; year <= 2032; year++) {
      const actual = days.filter(
        ({ day, name }) => day.startsWith(String(year)) && !name.includes("observed"),
      );
      expect(actual.length).toBe(11);
    }
  });
});

describe("states' own holidays", () => {
  const days = computeStateHolidays(STATE_HOLIDAYS, 2026, 2032);

  // Easter as the Census Bureau lists it.
  it.each([
    [2026, "2026-04-05"],
    [2027, "2027-03-28"],
    [2028, "2028-04-16"],
    [2029, "2029-04-01"],
    [2030, "2030-04-21"],
    [2031, "2031-04-13"],
    [2032, "2032-03-28"],
  ])("Easter %i is %s", (year, day) => {
    expect(formatDay(easter(year))).toBe(day);
  });

  it("have each state's day once, and are no federal holidays as they fall", () => {
    expect(new Set(days.map(({ state, day }) => `${state} ${day}`)).size).toBe(days.length);
    const federal = new Map(computeHolidays(2026, 2032).map(({ day, name }) => [day, name]));
    const own = days.filter(({ name, state }) => state !== "RI" && !name.includes("observed"));
    // Utah keeps Juneteenth on Monday, which is the 19th itself in some years.
    expect(own.filter(({ day, name }) => federal.has(day) && !name.startsWith("Juneteenth"))).toEqual([]);
  });
});

describe("area codes and states", () => {
  it("give every state area codes, and every area code a state with a name", () => {
    const states = new Set(areaCodes.map(({ state }) => state));
    expect([...states].sort()).toEqual(Object.keys(US_STATES).sort());
  });

  it("give an overlay all the time zones of the code it overlays", () => {
    const byCode = new Map(areaCodes.map((row) => [row.areaCode, row]));
    for (const row of areaCodes.filter(({ overlayOf }) => overlayOf !== null)) {
      const parent = byCode.get(row.overlayOf as string);
      expect(parent?.state, row.areaCode).toBe(row.state);
      expect([...row.timeZones].sort(), row.areaCode).toEqual([...(parent?.timeZones ?? [])].sort());
    }
  });

  it.each([
    ["TX", "TX"],
    ["tx.", "TX"],
    [" Texas ", "TX"],
    ["Tejas", "TX"],
    ["Nuevo México", "NM"],
    ["N.M.", "NM"],
    ["north carolina", "NC"],
    ["Washington DC", "DC"],
    ["D.C.", "DC"],
    ["D. C.", "DC"],
    ["Washington, D.C.", "DC"],
    ["WASHINGTON, D. C.", "DC"],
    ["Washington", "WA"],
    ["U.S. Virgin Islands", "VI"],
    ["New-York", "NY"],
    ["Puerto Rico", "PR"],
    ["Ontario", null],
    ["", null],
  ])("read the state %j as %s", (text, code) => {
    expect(parseState(text)).toBe(code);
  });
});

describe("generated SQL", () => {
  it.each(Object.entries(writeSeedSql(areaCodes)))(
    "%s equals the SQL generated from the data",
    (name, text) => {
      expect(readFileSync(`${seedFolder}${name}`, "utf8")).toBe(text);
      expect(text.split("\n")[0]).toContain("Generated by");
    },
  );
});
