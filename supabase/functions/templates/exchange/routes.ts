// The route table of files of templates.
import { z } from "zod";
import { object, raw } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { exportTemplates } from "./export-templates.ts";
import { importTemplates } from "./import-templates.ts";
import { importAnswer } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/export",
    summary: "Download the templates as a CSV that can be imported again",
    permission: "viewer",
    request: { query: z.strictObject({ archived: z.stringbool().default(false) }) },
    response: raw("text/csv", "The templates by name: name, category, language, content, is_active"),
    run: exportTemplates,
  }),
  // The body is a file, so it is described here and checked by the use case.
  route({
    method: "POST",
    path: "/import",
    summary:
      "Import templates from a CSV; each row has its outcome, and a wrong one does not hold up the others",
    description:
      "Body: the CSV itself as text/csv, or multipart/form-data with it in field `file`; at most 2 MiB and 500 rows. Columns: " +
      "name, category, language, content and, if wanted, is_active.",
    permission: "campaign_manager",
    request: {
      query: z.strictObject({
        dry_run: z.stringbool().default(false).describe("Only judge the rows"),
        on_conflict: z
          .enum(["refuse", "update"])
          .default("refuse")
          .describe("What happens to a row whose name exists"),
      }),
    },
    response: object(importAnswer),
    run: importTemplates,
  }),
];
