// The areas of the API with their route tables, as the functions serve them.
import { pathToFileURL } from "node:url";
import type { Area } from "../../supabase/functions/_shared/http/create-area.ts";
import { findFunctions } from "./find-functions.ts";

/** @returns the area of each function that has routes, by name; @throws Error if an index.ts can't be loaded */
export async function readApiAreas(): Promise<Area[]> {
  const areas: Area[] = [];
  for (const { entry } of await findFunctions()) {
    const { default: area } = (await import(pathToFileURL(entry).href)) as { default: Partial<Area> };
    if (area.routes) areas.push(area as Area);
  }
  return areas;
}
