// The route table of duplicate leads.
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { mergeLeads } from "./merge-leads.ts";
import { merge, mergeInput } from "./schemas.ts";

export const duplicateRoutes = [
  route({
    method: "POST",
    path: "/merge",
    summary: "Merge up to 20 leads into one, or see with dry_run what that would do",
    description:
      "In one transaction: phones, parcels, tags, notes, custom fields, conversations, messages and campaign targets become the kept " +
      "lead's, blanks are filled, the strictest consent wins. Nothing is lost: what does not fit is in custom_fields, and the audit " +
      "event leads_merged keeps all leads as they were. The merged leads are answered 404 with details.merged_into.",
    permission: "operator",
    request: { body: mergeInput },
    response: object(merge),
    run: mergeLeads,
  }),
];
