// Values at the limits of a JSON schema, and just beyond them.
import type { Value } from "./values.ts";

export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  format?: string;
}

/** Follows a reference into the document. */
export function resolve(schema: JsonSchema, document: object): JsonSchema {
  if (!schema.$ref) return schema;
  const found = schema.$ref
    .replace("#/", "")
    .split("/")
    .reduce<unknown>((inside, key) => (inside as Record<string, unknown>)?.[key], document);
  return resolve(found as JsonSchema, document);
}

/** @param levels how deep to go: limits within lists and objects are tried too */
export function boundaryValues(schema: JsonSchema, levels = 3): Value[] {
  const values: Value[] = [];
  const add = (label: string, json: string) => values.push({ label, json });
  for (const length of [schema.minLength, schema.maxLength].flatMap((limit) =>
    limit === undefined ? [] : [limit - 1, limit, limit + 1],
  )) {
    if (length < 0) continue;
    add(`text of ${length}`, JSON.stringify("x".repeat(length)));
    add(`text of ${length} emoji`, JSON.stringify("😀".repeat(length)));
  }
  for (const limit of [schema.minimum, schema.maximum])
    if (limit !== undefined)
      for (const number of [limit - 1, limit, limit + 1]) add(String(number), String(number));
  if (typeOf(schema) === "number" || typeOf(schema) === "integer")
    for (const number of ["1e308", "-1e308", "1e-300", "0.5", "NaN"]) add(number, number);
  if (schema.maxItems !== undefined && schema.items) {
    const item = sample(schema.items);
    for (const count of [schema.maxItems, schema.maxItems + 1])
      add(`${count} items`, `[${Array.from({ length: count }, (_, n) => item(n)).join(",")}]`);
  }
  for (const one of schema.enum ?? []) add(JSON.stringify(one), JSON.stringify(one));
  if (levels === 0) return values;
  for (const choice of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    values.push(...boundaryValues(choice, levels - 1));
  if (schema.items)
    for (const { label, json } of boundaryValues(schema.items, levels - 1)) add(`[${label}]`, `[${json}]`);
  for (const [name, inside] of Object.entries(schema.properties ?? {}))
    for (const { label, json } of boundaryValues(inside, levels - 1))
      add(`{${name}: ${label}}`, `{${JSON.stringify(name)}:${json}}`);
  return values;
}

const typeOf = ({ type }: JsonSchema) => (Array.isArray(type) ? type[0] : type);

/** Different valid items. */
function sample(schema: JsonSchema): (n: number) => string {
  if (schema.enum) return (n) => JSON.stringify(schema.enum?.[n % schema.enum.length]);
  if (schema.format === "uuid") return (n) => `"00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}"`;
  if (typeOf(schema) === "object") return () => "{}";
  if (typeOf(schema) === "number" || typeOf(schema) === "integer") return String;
  const length = Math.min(schema.maxLength ?? 20, 200);
  return (n) => `"${`item ${n} `.padEnd(length, "x").slice(0, length)}"`;
}
