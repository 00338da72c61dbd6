// npm run api-documents -- --out DIR: writes the OpenAPI document of each area to DIR/<area>.json, for publishing and for clients.
// They are the documents that the functions serve at /functions/v1/<area>/openapi.json. DIR is made if it isn't there.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openApiDocument } from "../supabase/functions/_shared/http/openapi-document.ts";
import { readApiAreas } from "./generate/read-api-areas.ts";

const { values } = parseArgs({ options: { out: { type: "string" } } });
if (!values.out) {
  console.error("Say where to write: npm run api-documents -- --out DIR");
  process.exit(1);
}
await mkdir(values.out, { recursive: true });
for (const area of await readApiAreas()) {
  const file = join(values.out, `${area.area}.json`);
  await writeFile(file, `${JSON.stringify(openApiDocument(area), null, 2)}\n`);
  console.log(`wrote: ${file}`);
}
