// Segments of a campaign's messages, by rendering its texts for a sample of people.
import { expect, it } from "vitest";
import { estimateSegments } from "../../../supabase/functions/campaigns/preflight/estimate-segments.ts";

const short = { content: "Hola {first_name|vecino}", language: "es" as const, weight: 1 };
/** 161 characters without a name: two segments. */
const long = { content: `${"a".repeat(160)}{first_name|b}`, language: "es" as const, weight: 1 };
const people = (count: number, first_name: string | null = "Rosa") =>
  Array.from({ length: count }, () => ({ first_name }));

it("counts what each person would get", () => {
  expect(estimateSegments([short], people(10))).toEqual({ people: 10, p50: 1, p95: 1, max: 1, mean: 1 });
  // A letter outside GSM-7 makes a text of 161 characters three segments.
  expect(estimateSegments([long], [{ first_name: "Łucja" }])).toMatchObject({ p50: 3 });
  expect(estimateSegments([long], people(1, null))).toMatchObject({ max: 2 });
});

it("weighs texts as the campaign does", () => {
  expect(estimateSegments([{ ...short, weight: 3 }, long], people(4))).toEqual({
    people: 4,
    p50: 1,
    p95: 2,
    max: 2,
    mean: 1.25,
  });
  expect(estimateSegments([short, { ...long, weight: 0 }], people(4))).toMatchObject({ max: 1 });
});

it("renders 10,000 times at most: with many texts, for fewer people", () => {
  const texts = (count: number) => Array.from({ length: count }, () => short);
  expect(estimateSegments(texts(20), people(200))?.people).toBe(200);
  expect(estimateSegments(texts(200), people(200))?.people).toBe(50);
  expect(estimateSegments(texts(2_000), people(200))?.people).toBe(5);
});

it("leaves out texts that a person cannot get", () => {
  const county = { content: "Su terreno en {county}", language: "es" as const, weight: 9 };
  expect(estimateSegments([short, county], people(3))).toMatchObject({ max: 1, mean: 1 });
  expect(estimateSegments([county], people(3))).toBeNull();
  expect(estimateSegments([{ ...short, content: "{broken" }], people(3))).toBeNull();
  expect(estimateSegments([short], [])).toBeNull();
});
