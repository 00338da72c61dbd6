// docs/routes.md: every route of every area in one table each, with who may call it.
import type { Permission, Route } from "../../supabase/functions/_shared/http/declared-route.ts";
import { ROLES } from "../../supabase/functions/_shared/http/roles.ts";
import type { GeneratedFile } from "../tools/generated-file.ts";
import type { ApiArea } from "./read-api-areas.ts";

const CALLERS: Record<Permission, string> = {
  viewer: "viewer",
  operator: "operator",
  campaign_manager: "campaign_manager",
  admin: "admin",
  open: "anybody",
  worker_secret: "the scheduler, by its secret",
  twilio_signature: "Twilio, by its signature",
};

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** @param areas in the order in which the page has them */
export function routesDocument(areas: ApiArea[]): GeneratedFile {
  const parts = [
    "<!-- Generated from the route tables in supabase/functions by `npm run generate`: do not edit. -->",
    "# Routes",
    "Paths are below `/functions/v1`. What each route takes and answers is in `/functions/v1/<area>/openapi.json` of a running " +
      "platform; `npm run api-documents -- --out DIR` writes these documents to files.",
    `The role is the lowest that may call; each role includes the ones before it: ${ROLES.join(", ")}.`,
    ...areas.flatMap(({ area, description, routes }) => [
      `## ${area}`,
      description,
      ...(routes.some(({ isMounted }) => isMounted)
        ? ["The routes of the areas below are served here, too, except those of the machines."]
        : []),
      [
        "| method | path | who may call | what it does |",
        "| --- | --- | --- | --- |",
        ...[...routes]
          .filter(({ isMounted }) => !isMounted)
          .sort(byPath)
          .map((route) => writeRow(area, route)),
      ].join("\n"),
    ]),
  ];
  // Not formatted: aligned columns would turn one longer path into a change of every row.
  return { path: "docs/routes.md", text: `${parts.join("\n\n")}\n` };
}

function byPath(a: Route, b: Route): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return METHODS.indexOf(a.method) - METHODS.indexOf(b.method);
}

function writeRow(area: string, { method, path, permission, summary }: Route): string {
  const address = `/${area}${path === "/" ? "" : path}`;
  const cells = [method, `\`${address}\``, CALLERS[permission as Permission], summary.replaceAll("|", "\\|")];
  return `| ${cells.join(" | ")} |`;
}
