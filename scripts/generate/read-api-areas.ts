// The areas of the API with their route tables, as the functions serve them.
import { pathToFileURL } from "node:url";
import type { AreaDescription } from "../../supabase/functions/_shared/http/openapi-document.ts";
import { findFunctions } from "./find-functions.ts";

export type ApiArea = AreaDescription;
/** The door of the dashboard loads its routes late. */
type Served = Partial<ApiArea> & { loadRoutes?(): Promise<AreaDescription["routes"]> };

/** @returns the area of each function that has routes, by name; @throws Error if an index.ts can't be loaded */
export async function readApiAreas(): Promise<ApiArea[]> {
  const areas: ApiArea[] = [];
  for (const { entry } of await findFunctions()) {
    const { default: area } = (await import(pathToFileURL(entry).href)) as { default: Served };
    const routes = area.routes ?? (await area.loadRoutes?.());
    if (routes) areas.push({ ...(area as ApiArea), routes });
  }
  return areas;
}
