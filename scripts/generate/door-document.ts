// The OpenAPI document of the dashboard's door, made beforehand: making it takes a function most of the CPU time it has, and
// anybody may ask for it.
import { openApiDocument } from "../../supabase/functions/_shared/http/openapi-document.ts";
import type { GeneratedFile } from "../tools/generated-file.ts";
import type { ApiArea } from "./read-api-areas.ts";

/** @param areas with the door among them */
export function doorDocument(areas: ApiArea[]): GeneratedFile {
  const door = areas.find(({ area }) => area === "api");
  if (!door) throw new Error("There is no function api.");
  return {
    path: "supabase/functions/api/overview/openapi.generated.json",
    text: writeByOperation(openApiDocument(door)),
  };
}

/** JSON with a line for each operation and component, so that a change of one route is a change of one line. */
function writeByOperation(document: Record<string, unknown>): string {
  const { paths, components, ...rest } = document as Record<string, Record<string, object>>;
  const byLine = (value: object, inner: (value: object) => string) =>
    `{\n${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}: ${inner(each as object)}`)
      .join(",\n")}\n}`;
  const parts = [
    ...Object.entries(rest).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`),
    `"paths": ${byLine(paths ?? {}, (path) => byLine(path, JSON.stringify))}`,
    `"components": ${byLine(components ?? {}, (part) => byLine(part, JSON.stringify))}`,
  ];
  return `{\n${parts.join(",\n")}\n}\n`;
}
