// The route table of single leads.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { leadFilter } from "../../_shared/leads/lead-filter.ts";
import { countLeads } from "../filters/count-leads.ts";
import { filterFields } from "../filters/filter-query.ts";
import { orderFields } from "../filters/lead-order.ts";
import { leadCount } from "../segments/schemas.ts";
import { createLead } from "./create-lead.ts";
import { deleteLead } from "./delete-lead.ts";
import { getLead } from "./get-lead.ts";
import { listLeads, searchLeads } from "./list-leads.ts";
import { lead, leadChanges, leadInput, leadSearch } from "./schemas.ts";
import { updateLead } from "./update-lead.ts";

const params = z.object({ id: z.uuid() });

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
    summary: "List, search and filter leads",
    permission: "viewer",
    request: {
      query: z.strictObject({
        ...pageFields,
        ...orderFields,
        ...filterFields,
      }),
    },
    response: list(lead),
    run: listLeads,
  }),
  route({
    method: "POST",
    path: "/search",
    summary: "The same list, with the filter in the body",
    permission: "viewer",
    request: { body: leadSearch },
    response: list(lead),
    run: searchLeads,
  }),
  route({
    method: "POST",
    path: "/count",
    summary: "Count the leads that match a filter: exact to 10,000, estimated above",
    permission: "viewer",
    request: { body: z.strictObject({ filter: leadFilter }) },
    response: object(leadCount),
    run: countLeads,
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
    summary: "Change the given fields of a lead; null empties a field",
    permission: "operator",
    request: { params, body: leadChanges },
    response: object(lead),
    run: updateLead,
  }),
  route({
    method: "DELETE",
    path: "/{id}",
    summary: "Delete a lead: it is hidden for good; what campaigns sent to it stays",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteLead,
  }),
];
