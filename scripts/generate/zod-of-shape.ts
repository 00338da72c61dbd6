// Turns a shape of the database (supabase/schemas/foundation/functions/shapes.sql) into the source of a zod schema that accepts
// the same values.

/** The keywords of JSON Schema that private.check_shape reads and this file supports. */
export interface Shape {
  type: string | string[];
  enum?: string[];
  properties?: Record<string, Shape>;
  required?: string[];
  propertyNames?: Shape;
  additionalProperties?: Shape;
  maxProperties?: number;
  items?: Shape;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  description?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  /** Size of the value as the database stores it; only the database checks it. */
  maxBytes?: number;
}

/** @throws Error for a shape with an unsupported keyword: the schema would accept more than the database does */
export function zodOfShape(shape: Shape): string {
  if (Array.isArray(shape.type)) {
    const { type, ...rest } = shape;
    return `z.union([${type.map((one) => zodOfShape(ofType(one, rest))).join(", ")}])`;
  }
  switch (shape.type) {
    case "string":
      return text(shape);
    case "integer":
      return `z.number().int()${bounds(refuseOthers(shape, ["minimum", "maximum"]))}`;
    case "number":
      return `plainNumber${bounds(refuseOthers(shape, ["minimum", "maximum"]))}`;
    case "boolean":
      refuseOthers(shape, []);
      return "z.boolean()";
    case "array":
      return list(refuseOthers(shape, ["items", "minItems", "maxItems"]));
    case "object":
      return object(shape);
    default:
      throw new Error(`No schema is written for the type ${shape.type}.`);
  }
}

const WORDS: Record<string, readonly (keyof Shape)[]> = {
  string: ["enum", "minLength", "maxLength", "pattern", "description", "format"],
  number: ["minimum", "maximum"],
  integer: ["minimum", "maximum"],
  boolean: [],
  array: ["items", "minItems", "maxItems"],
};

/** One of several types, with the keywords that apply to it. */
function ofType(type: string, words: Omit<Shape, "type">): Shape {
  const own = WORDS[type] ?? [];
  return {
    type,
    ...Object.fromEntries(Object.entries(words).filter(([word]) => own.includes(word as keyof Shape))),
  };
}

function refuseOthers(shape: Shape, known: readonly (keyof Shape)[]): Shape {
  const strange = Object.keys(shape).find((word) => word !== "type" && !known.includes(word as keyof Shape));
  if (strange !== undefined)
    throw new Error(`No schema is written for ${strange} of the type ${shape.type}.`);
  return shape;
}

function text(shape: Shape): string {
  refuseOthers(shape, WORDS.string ?? []);
  const { enum: words, format, minLength = 0, maxLength, pattern, description } = shape;
  if (words !== undefined) return `z.enum(${JSON.stringify(words)})`;
  if (format === "uuid") return "z.guid()";
  if (format === "date-time")
    return `z.iso.datetime({ offset: true, abort: true })${matching(pattern, description)}`;
  if (maxLength === undefined) throw new Error("No schema is written for a text without an end.");
  // The database does not trim search texts either, and a blank finds blanks.
  if (format === undefined && minLength === 0)
    return `exactText(${maxLength})${matching(pattern, description)}`;
  if (format === "line") return `oneLine(${maxLength}, ${minLength})${matching(pattern, description)}`;
  throw new Error(`No schema is written for a text of the format ${format}.`);
}

/** Patterns of Postgres mean the same in JavaScript if they contain no named classes. */
function matching(pattern: string | undefined, description: string | undefined): string {
  if (pattern === undefined) return "";
  if (pattern.includes("[[:") || pattern.includes("[^[:"))
    throw new Error(`${pattern} is no pattern of JavaScript.`);
  if (description === undefined) throw new Error(`The pattern ${pattern} has no description.`);
  const sentence = /^(it )?must /.test(description)
    ? description.replace(/^it /, "")
    : `must be ${description}`;
  return `.regex(/${pattern.replaceAll("/", "\\/")}/, ${JSON.stringify(sentence)})`;
}

function bounds({ minimum, maximum }: Shape): string {
  return `${minimum === undefined ? "" : `.min(${minimum})`}${maximum === undefined ? "" : `.max(${maximum})`}`;
}

function list({ items, minItems = 0, maxItems }: Shape): string {
  if (items === undefined || maxItems === undefined)
    throw new Error("No schema is written for a list without an end.");
  return `z.array(${zodOfShape(items)})${minItems > 0 ? `.min(${minItems})` : ""}.max(${maxItems})`;
}

function object(shape: Shape): string {
  const { properties = {}, required = [], propertyNames, additionalProperties, maxProperties } = shape;
  if (additionalProperties === undefined) {
    refuseOthers(shape, ["properties", "required", "maxBytes"]);
    const fields = Object.entries(properties).map(
      ([name, one]) => `${name}: ${zodOfShape(one)}${required.includes(name) ? "" : ".optional()"}`,
    );
    return `z.strictObject({ ${fields.join(", ")} })`;
  }
  refuseOthers(shape, ["properties", "propertyNames", "additionalProperties", "maxProperties", "maxBytes"]);
  const isPlain =
    propertyNames?.format === "line" && propertyNames.minLength === 1 && propertyNames.pattern === undefined;
  if (!isPlain || Object.keys(properties).length > 0 || maxProperties === undefined)
    throw new Error("No schema is written for an object with other names than lines, or without an end.");
  const most = `{ message: "may have ${maxProperties} entries at most." }`;
  return `z.record(exactLine(${propertyNames.maxLength}), ${zodOfShape(additionalProperties)})
    .refine((entries) => Object.keys(entries).length <= ${maxProperties}, ${most})`;
}
