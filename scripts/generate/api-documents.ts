// The OpenAPI documents in docs/api, one for each area, made from the route tables that the functions serve.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Area } from "../../supabase/functions/_shared/http/create-area.ts";
import { openApiDocument } from "../../supabase/functions/_shared/http/openapi-document.ts";
import { PROJECT_DIR } from "../tools/run-tool.ts";
import { findFunctions } from "./find-functions.ts";
import { format, type GeneratedFile } from "./generated-file.ts";

const FOLDER = "docs/api";

/** @returns a document for each function that is an area; @throws Error where an index.ts can't be loaded */
export async function apiDocuments(): Promise<GeneratedFile[]> {
  const documents: GeneratedFile[] = [];
  for (const { name, entry } of await findFunctions()) {
    const { default: area } = (await import(pathToFileURL(entry).href)) as { default: Partial<Area> };
    if (!area.routes) continue;
    const path = `${FOLDER}/${name}.json`;
    const document = { "x-generated": "by npm run generate: do not edit", ...openApiDocument(area as Area) };
    documents.push({ path, text: await format(path, JSON.stringify(document)) });
  }
  return documents;
}

/** Documents of areas that no longer are: paths from the project's folder. */
export async function orphanDocuments(documents: GeneratedFile[]): Promise<string[]> {
  const found = await readdir(join(PROJECT_DIR, FOLDER)).catch((): string[] => []);
  const wanted = new Set(documents.map(({ path }) => path));
  return found
    .filter((name) => name.endsWith(".json"))
    .map((name) => `${FOLDER}/${name}`)
    .filter((path) => !wanted.has(path));
}
