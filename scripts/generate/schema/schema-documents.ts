// docs/schema.md and docs/schema/<area>.md: a snapshot of a migrated database.
import type { GeneratedFile } from "../../tools/generated-file.ts";
import { AREAS, type AreaName, type FindArea, readAreas } from "./areas.ts";
import { type Catalog, readCatalog } from "./catalog.ts";
import { type AreaContents, writeAreaPage } from "./write-area-page.ts";
import { writeIndexPage } from "./write-index-page.ts";

export const SCHEMA_FOLDER = "docs/schema";
const HEADER = "<!-- Generated from the database's catalog by `npm run generate`: do not edit. -->";

/** @param databaseUrl a database with all migrations applied; @throws Error if an object of it belongs to no area */
export async function schemaDocuments(databaseUrl: string): Promise<GeneratedFile[]> {
  const [catalog, findArea] = [await readCatalog(databaseUrl), await readAreas()];
  const areas = (Object.keys(AREAS) as AreaName[]).map((area) => ({
    area,
    contents: pick(catalog, findArea, area),
  }));
  const index = writeIndexPage(
    areas.map(({ area, contents }) => ({ area, relations: contents.relations })),
    catalog.platform,
  );
  return [
    { path: `${SCHEMA_FOLDER}.md`, text: page(index) },
    ...areas.map(({ area, contents }) => ({
      path: `${SCHEMA_FOLDER}/${area}.md`,
      text: page(writeAreaPage(area, contents)),
    })),
  ];
}

/** The contents of an area, and all foreign keys: a picture also shows those that lead out of its area. */
function pick(catalog: Catalog, findArea: FindArea, area: AreaName): AreaContents {
  return {
    relations: catalog.relations.filter(({ name }) => findArea("relation", name) === area),
    foreignKeys: catalog.foreignKeys,
    types: catalog.types.filter(({ name }) => findArea("type", name) === area),
    functions: catalog.functions.filter(({ name }) => findArea("function", name) === area),
    tasks: catalog.tasks.filter(({ name }) => findArea("task", name) === area),
    jobs: catalog.jobs.filter(({ name }) => findArea("job", name) === area),
    queues: catalog.queues.filter(({ name }) => findArea("queue", name) === area),
  };
}

/** Not formatted: the formatter would break lines and align tables, and a small change would then touch many lines. */
function page(parts: string[]): string {
  return `${[HEADER, ...parts].join("\n\n")}\n`;
}
