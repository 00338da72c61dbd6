// Answers of the database are checked against the declarations of routes, at a cost that does not grow with a page.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { longList, longRecord, parseAnswer } from "../../../supabase/functions/_shared/db/parse-answer.ts";

const answer = (data: unknown) => ({ data, error: null, status: 200 });
const thing = z.object({ id: z.uuid(), name: z.string().nullable() });
const good = { id: "0f8fad5b-d9cb-469f-a165-70867728950e", name: null };

describe("an answer", () => {
  it("is returned unchanged, with fields that the schema does not name", () => {
    const data = { ...good, more: 1 };
    expect(parseAnswer(answer(data), thing)).toBe(data);
  });

  it("that is not as declared is refused by its fields, without their values", () => {
    const ask = () => parseAnswer(answer({ id: "Maria", name: 5 }), thing);
    expect(ask).toThrow("id (invalid_format), name (invalid_type)");
    expect(ask).not.toThrow("Maria");
    expect(() => parseAnswer(answer(null), thing)).toThrow("the whole (invalid_type)");
  });

  it("that is an error is thrown unchanged", () => {
    const error = { code: "42501", message: "no", details: null };
    expect(() => parseAnswer({ data: null, error, status: 403 }, thing)).toThrow(
      expect.objectContaining({ code: "42501" }),
    );
  });
});

describe("a long list", () => {
  const page = z.object({ things: longList(thing), total: z.number() });
  const of = (count: number, bad: number) =>
    answer({ things: Array.from({ length: count }, (_, i) => (i === bad ? { id: 1 } : good)), total: count });

  it("is refused by faults of its first items", () => {
    expect(() => parseAnswer(of(1_000, 3), page)).toThrow("things.3.id (custom), things.3.name (custom)");
    expect(() => parseAnswer(answer({ things: {}, total: 0 }), page)).toThrow("things (custom)");
    expect(parseAnswer(of(0, 0), page).things).toEqual([]);
  });

  it("is checked for twenty items only", () => {
    expect(() => parseAnswer(of(1_000, 19), page)).toThrow("things.19");
    expect(parseAnswer(of(1_000, 20), page).things).toHaveLength(1_000);
  });
});

describe("a long record", () => {
  const names = z.object({ byPhone: longRecord(z.string()) });
  const of = (bad: number) =>
    answer({
      byPhone: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, i === bad ? 1 : "x"])),
    });

  it("is refused by faults of its first values, and checked no further", () => {
    expect(() => parseAnswer(of(19), names)).toThrow("byPhone.p19 (custom)");
    expect(() => parseAnswer(answer({ byPhone: [] }), names)).toThrow("byPhone (custom)");
    expect(Object.keys(parseAnswer(of(20), names).byPhone)).toHaveLength(1_000);
  });
});
