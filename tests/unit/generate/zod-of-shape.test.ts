// Shapes of the database as schemas of the functions.
import { describe, expect, it } from "vitest";
import { type Shape, zodOfShape } from "../../../scripts/generate/zod-of-shape.ts";

it.each<[Shape, string]>([
  [{ type: "boolean" }, "z.boolean()"],
  [{ type: "integer", minimum: 1, maximum: 9 }, "z.number().int().min(1).max(9)"],
  [{ type: "number", minimum: 0 }, "plainNumber.min(0)"],
  [{ type: "string", enum: ["a", "b"] }, 'z.enum(["a","b"])'],
  [{ type: "string", format: "uuid" }, "z.guid()"],
  [{ type: "string", maxLength: 9 }, "exactText(9)"],
  [{ type: "string", format: "line", minLength: 1, maxLength: 9 }, "oneLine(9, 1)"],
  [
    { type: "string", format: "line", maxLength: 9, pattern: "[^/]", description: "it must not be blank." },
    'oneLine(9, 0).regex(/[^\\/]/, "must not be blank.")',
  ],
  [
    { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 5 },
    "z.array(z.boolean()).min(1).max(5)",
  ],
  [{ type: ["boolean", "integer"], minimum: 1 }, "z.union([z.boolean(), z.number().int().min(1)])"],
  [
    {
      type: "object",
      properties: { a: { type: "boolean" }, b: { type: "boolean" } },
      required: ["a"],
      maxBytes: 9,
    },
    "z.strictObject({ a: z.boolean(), b: z.boolean().optional() })",
  ],
])("%o is %s", (shape, source) => {
  expect(zodOfShape(shape)).toBe(source);
});

describe("a shape that a schema could not express is refused", () => {
  it.each<[string, Shape]>([
    ["a word that nobody reads", { type: "boolean", const: true } as Shape],
    ["a word of another type", { type: "integer", maxLength: 5 }],
    ["a type that there is not", { type: "date" }],
    ["a text without an end", { type: "string" }],
    ["a format that there is not", { type: "string", format: "colour", maxLength: 9 }],
    [
      "a pattern of Postgres alone",
      { type: "string", maxLength: 9, pattern: "^[[:alpha:]]$", description: "a." },
    ],
    ["a pattern without a remedy", { type: "string", maxLength: 9, pattern: "^a$" }],
    ["a list without an end", { type: "array", items: { type: "boolean" } }],
    ["an object of any size", { type: "object", additionalProperties: { type: "boolean" } }],
  ])("%s", (_what, shape) => {
    expect(() => zodOfShape(shape)).toThrow(/^No schema is written|pattern/);
  });
});
