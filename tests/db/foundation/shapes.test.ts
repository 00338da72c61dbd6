// The strict check of JSON: what each keyword of a shape accepts and refuses.
import { describe, expect, it } from "vitest";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

/** @returns the field and sentence of the refusal, or undefined if the value fits */
async function refusal(
  shape: object,
  json: string,
  field = "",
): Promise<{ field: string; message: string } | undefined> {
  try {
    await bench.sql`select private.check_shape(${json}::text::jsonb, ${JSON.stringify(shape)}::text::jsonb, ${field})`;
    return undefined;
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    expect(code, String(error)).toBe("PT422");
    return JSON.parse(detail).errors[0];
  }
}

const fits = async (shape: object, ...values: unknown[]) => {
  for (const value of values)
    expect(await refusal(shape, JSON.stringify(value)), JSON.stringify(value)).toBeUndefined();
};
const fails = async (shape: object, ...values: unknown[]) => {
  for (const value of values)
    expect(await refusal(shape, JSON.stringify(value)), JSON.stringify(value)).toBeDefined();
};

describe("a shape's type", () => {
  const VALUES = { object: {}, array: [], string: "", integer: 1, number: 1.5, boolean: true, null: null };
  const plain = (type: string) => ({ type, properties: {}, items: { type: "string" } });

  it.each(Object.keys(VALUES))("%s accepts nothing else", async (type) => {
    for (const [kind, value] of Object.entries(VALUES)) {
      const isOne = kind === type || (kind === "integer" && type === "number");
      await (isOne ? fits : fails)(plain(type), value);
    }
  });

  it("can be one of several", async () => {
    await fits({ type: ["string", "null"] }, "x", null);
    await fails({ type: ["string", "null"] }, 1, false);
  });

  it("is an integer in any notation", async () => {
    expect(await refusal({ type: "integer", maximum: 100 }, "1e2")).toBeUndefined();
    expect(await refusal({ type: "integer", maximum: 100 }, "1.0")).toBeUndefined();
    expect(await refusal({ type: "integer", maximum: 100 }, "1.01")).toMatchObject({
      message: expect.stringContaining("integer"),
    });
  });
});

describe("numbers", () => {
  const shape = { type: "number", exclusiveMinimum: 0, maximum: 1000, multipleOf: 0.001 };

  it("keep to their range and precision", async () => {
    await fits(shape, 0.001, 1000, 33.333);
    await fails(shape, 0, -1, 1000.001, 0.0001, "NaN", "Infinity", "-Infinity", "1");
  });

  it.each(["1e308", "1e131071", "-1e131071", `1${"0".repeat(5000)}`, "1e-16383", `0.${"0".repeat(16000)}1`])(
    "refuse %.20s without working it out",
    async (json) => {
      expect(await refusal(shape, json)).toBeDefined();
      expect(await refusal({ type: "integer", minimum: -5, maximum: 5 }, json)).toBeDefined();
    },
  );
});

describe("texts", () => {
  it("have a length, in characters", async () => {
    const shape = { type: "string", minLength: 1, maxLength: 3 };
    await fits(shape, "a", "ñññ", "👍👍👍");
    await fails(shape, "", "abcd");
  });

  it("may have a pattern, whose description is the remedy", async () => {
    const shape = { type: "string", pattern: "^[a-z]+$", description: "small letters only." };
    await fits(shape, "abc");
    expect((await refusal(shape, '"ABC"'))?.message).toContain("small letters only.");
  });

  it("are of a format", async () => {
    const of = (format: string) => ({ type: "string", format });
    await fits(of("uuid"), "018f2c5e-7b1a-7c3d-9e4f-0123456789ab", "018F2C5E-7B1A-7C3D-9E4F-0123456789AB");
    await fails(
      of("uuid"),
      "",
      "x",
      "018f2c5e7b1a7c3d9e4f0123456789ab",
      "{018f2c5e-7b1a-7c3d-9e4f-0123456789ab}",
      "../018f2c5e",
    );
    await fits(of("date"), "2026-01-31", "2024-02-29");
    await fails(
      of("date"),
      "2026-02-30",
      "infinity",
      "now",
      "today",
      "31.01.2026",
      "0000-00-00",
      "12026-01-01",
    );
    await fits(of("time"), "20:00", "08:30:15", "00:00");
    await fails(of("time"), "24:00", "8:00", "allballs", "20:00+02", "noon");
    await fits(of("date-time"), "2026-01-31T15:00:00Z", "2026-01-31T15:00:00.123+02:00", "2026-01-31T15:00Z");
    await fails(
      of("date-time"),
      "2026-01-31",
      "infinity",
      "-infinity",
      "epoch",
      "now",
      "2026-13-01T00:00:00Z",
      "2026-01-31T15:00:00",
    );
    await fits(of("time-zone"), "America/Chicago", "UTC");
    await fails(of("time-zone"), "Mars/Olympus", "", "+05", "FOO+5", "america/chicago");
    await fits(of("line"), "Rancho Ñandú, parcel 7 👍", "");
    await fails(of("line"), "a\nb", "a\rb", "tab\there", "a\u2028b", "a\u0001b", "a\u0085b");
  });

  it("are one of a list", async () => {
    const shape = { type: "string", enum: ["csv", "xlsx"] };
    await fits(shape, "csv", "xlsx");
    await fails(shape, "CSV", "", "csv/../..", "x");
    await fits({ type: ["string", "null"], enum: ["csv"] }, null);
  });
});

describe("lists", () => {
  it("have a number of items, each of a shape", async () => {
    const shape = {
      type: "array",
      minItems: 1,
      maxItems: 2,
      items: { type: "integer", minimum: 0, maximum: 9 },
    };
    await fits(shape, [1], [1, 2]);
    await fails(shape, [], [1, 2, 3], ["1"], [null], [[1]], [10]);
    expect((await refusal(shape, "[1,10]", "caps"))?.field).toBe("caps[1]");
  });

  it("of 100,000 are refused by their length, before their items are checked", async () => {
    const shape = { type: "array", maxItems: 10, items: { type: "string" } };
    const started = performance.now();
    expect((await refusal(shape, JSON.stringify(new Array(100_000).fill(1))))?.message).toContain(
      "10 at most",
    );
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe("objects", () => {
  const shape = {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 5 },
      filter: {
        type: "object",
        properties: { tags: { type: "array", maxItems: 3, items: { type: "string" } } },
      },
    },
    required: ["name"],
  };

  it("name what is missing, what is unknown and what is wrong inside", async () => {
    await fits(shape, { name: "x" }, { name: "x", filter: {} }, { name: "x", filter: { tags: ["a"] } });
    expect((await refusal(shape, "{}"))?.field).toBe("name");
    expect((await refusal(shape, '{"name":"x","nmae":1}'))?.field).toBe("nmae");
    expect((await refusal(shape, '{"name":"x","filter":{"tags":["a",1]}}'))?.field).toBe("filter.tags[1]");
    expect((await refusal(shape, '{"name":"x","filter":{"__proto__":{}}}'))?.field).toBe("filter.__proto__");
    expect((await refusal(shape, '{"name":"too long"}', "p_input"))?.field).toBe("p_input.name");
  });

  it("with keys of their own bound number, length and values", async () => {
    const map = {
      type: "object",
      maxProperties: 2,
      propertyNames: { maxLength: 4 },
      additionalProperties: { type: "string", maxLength: 3 },
    };
    await fits(map, {}, { a: "b" }, { a: "b", c: "d" });
    await fails(map, { a: "b", c: "d", e: "f" }, { "too long": "x" }, { a: "long" }, { a: 1 }, { a: {} });
  });

  it("are bounded as a whole", async () => {
    await fails({ ...shape, maxBytes: 100 }, { name: "x", filter: { tags: ["y".repeat(200)] } });
  });

  it("are refused for what is absent", async () => {
    const [row] =
      await bench.sql`select private.check_shape(null, '{"type":"object"}') is not null as never`.catch(
        (error) => [{ code: error.code }],
      );
    expect(row).toMatchObject({ code: "PT422" });
  });
});
