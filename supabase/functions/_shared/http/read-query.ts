// Reads query strings as callers write them: k[]=a, k=a&k=b and k=a,b are lists; k= is the same as no k.
import type { z } from "zod";

/** It chooses where the platform runs the function, and is not for the function. */
const PLATFORM_FIELD = "forceFunctionRegion";

/** @returns what the schema can parse: a list for an array, otherwise one text (the schema refuses several) */
export function readQuery(url: URL, schema: z.ZodObject): Record<string, unknown> {
  const given = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    if (name === PLATFORM_FIELD) continue;
    const key = name.replace(/\[\d*\]$/, "");
    if (value.trim() !== "") given.set(key, [...(given.get(key) ?? []), value]);
  }
  const read = [...given].map(([key, values]): [string, unknown] => {
    const field = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
    if (field !== undefined && isList(field)) return [key, values.flatMap(splitCommas)];
    return [key, values.length === 1 ? values[0] : values];
  });
  return Object.fromEntries(read.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function splitCommas(value: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Whether a field is an array below its optional, default, nullable and refined layers. */
function isList(field: z.core.$ZodType): boolean {
  const def = field._zod.def as { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  if (def.type === "array") return true;
  const inner = def.innerType ?? def.in;
  return inner !== undefined && isList(inner);
}
