// The route table of duplicate leads.
import { z } from "zod";
import { list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { dismissDuplicates } from "./dismiss-duplicates.ts";
import { findLeadDuplicates } from "./find-lead-duplicates.ts";
import { listDuplicates } from "./list-duplicates.ts";
import { mergeLeads } from "./merge-leads.ts";
import { dismissal, duplicateGroup, duplicatesQuery, merge, mergeInput } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/duplicates",
    summary: "List groups of leads that look like one owner, those with a shared phone first",
    description:
      "A lead that was just written appears within seconds. Ask for further pages with next_cursor; totals are estimated if there is " +
      "more than one page.",
    permission: "viewer",
    request: { query: duplicatesQuery },
    response: list(duplicateGroup),
    run: listDuplicates,
  }),
  route({
    method: "GET",
    path: "/{id}/duplicates",
    summary: "Read the leads that look like the owner of this one",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(duplicateGroup),
    run: findLeadDuplicates,
  }),
  route({
    method: "POST",
    path: "/duplicates/dismiss",
    summary: "Record that leads are different owners: they are not suggested as one owner again",
    permission: "operator",
    request: { body: dismissal },
    response: object(
      z.object({ dismissed: z.number().int().describe("How many of the pairs were not dismissed before") }),
    ),
    run: dismissDuplicates,
  }),
  route({
    method: "POST",
    path: "/merge",
    summary: "Merge up to 20 leads into one, or see with dry_run what that would do",
    description:
      "In one transaction: phones, parcels, tags, notes, custom fields, conversations, messages and campaign targets become the kept " +
      "lead's, blanks are filled, the strictest consent wins. Nothing is lost: what does not fit is kept in custom_fields, and the " +
      "audit event leads_merged keeps all leads as they were. Requests for the merged leads get 404 with details.merged_into.",
    permission: "operator",
    request: { body: mergeInput },
    response: object(merge),
    run: mergeLeads,
  }),
];
