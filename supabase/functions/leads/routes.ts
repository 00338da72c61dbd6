// The route table of single leads.
import { z } from "zod";
import { pageFields } from "../_shared/http/pagination.ts";
import { created, empty, list, object } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { LEAD_STATUSES } from "../_shared/leads/lead-values.ts";
import { createLead } from "./create-lead.ts";
import { deleteLead } from "./delete-lead.ts";
import { getLead } from "./get-lead.ts";
import { listLeads } from "./list-leads.ts";
import { lead, leadChanges, leadInput } from "./schemas.ts";
import { updateLead } from "./update-lead.ts";

const params = z.object({ id: z.uuid() });
const words = (what: string) => z.array(z.string().max(200)).max(100).optional().describe(what);

export const routes = [
  route({
    method: "POST",
    path: "/",
    summary: "Create a lead",
    permission: "operator",
    request: { body: leadInput },
    response: created(lead),
    run: createLead,
  }),
  route({
    method: "GET",
    path: "/",
    summary: "List and search leads, newest first",
    permission: "viewer",
    request: {
      query: z.object({
        ...pageFields,
        search: z
          .string()
          .max(200)
          .optional()
          .describe(
            "Words of names, address, city, county or e-mail, or a phone in any format or a part of one; all must match",
          ),
        county: words("In any of these counties"),
        state: words("With a mailing address in any of these states"),
        status: z.array(z.enum(LEAD_STATUSES)).optional(),
        tags: words("With any of these tags"),
      }),
    },
    response: list(lead),
    run: listLeads,
  }),
  route({
    method: "GET",
    path: "/{id}",
    summary: "Read a lead with its phones and parcels",
    permission: "viewer",
    request: { params },
    response: object(lead),
    run: getLead,
  }),
  route({
    method: "PATCH",
    path: "/{id}",
    summary: "Change the fields given; null empties one",
    permission: "operator",
    request: { params, body: leadChanges },
    response: object(lead),
    run: updateLead,
  }),
  route({
    method: "DELETE",
    path: "/{id}",
    summary: "Delete a lead: it is hidden for good, what campaigns sent to it stays",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteLead,
  }),
];
