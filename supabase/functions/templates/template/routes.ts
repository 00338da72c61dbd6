// The route table of one template and of lists of them.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { getTemplate } from "./get-template.ts";
import { lintTemplate } from "./lint-template.ts";
import { listTemplates } from "./list-templates.ts";
import { listVersions } from "./list-versions.ts";
import { previewTemplate, previewText } from "./preview-template.ts";
import {
  archiveTemplate,
  createTemplate,
  duplicateTemplate,
  restoreTemplate,
  unarchiveTemplate,
  updateTemplate,
} from "./save-template.ts";
import {
  category,
  language,
  lintAnswer,
  lintInput,
  preview,
  previewInput,
  restoreInput,
  template,
  templateChanges,
  templateDetail,
  templateInput,
  templateVersion,
  textPreviewInput,
} from "./schemas.ts";

const params = z.object({ id: z.uuid() });
const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/",
    summary: "List templates, newest first",
    permission: "viewer",
    request: {
      query: z.strictObject({
        ...pageFields,
        category: z.array(category).optional(),
        language: language.optional(),
        active: z.stringbool().optional(),
        archived: z.stringbool().default(false).describe("The archived ones instead of the others"),
        search: oneLine(100).optional().describe("Part of a name or text"),
      }),
    },
    response: list(template),
    run: listTemplates,
  }),
  route({
    method: "POST",
    path: "/",
    summary: "Create a template; a text that is against the rules is refused with every reason",
    permission: "campaign_manager",
    request: { body: templateInput },
    response: created(templateDetail),
    run: createTemplate,
  }),
  route({
    method: "POST",
    path: "/lint",
    summary: "Judge a text as saving it would",
    permission: "viewer",
    request: { body: lintInput },
    response: object(lintAnswer),
    run: lintTemplate,
  }),
  route({
    method: "POST",
    path: "/preview",
    summary: "Show what a lead would get of a text that need not be saved",
    permission: "viewer",
    request: { body: textPreviewInput },
    response: object(preview),
    run: previewText,
  }),
  route({
    method: "GET",
    path: "/{id}",
    summary: "Read a template with its issues",
    permission: "viewer",
    request: { params },
    response: object(templateDetail),
    run: getTemplate,
  }),
  route({
    method: "PATCH",
    path: "/{id}",
    summary: "Change a template; messages that are planned keep the text they were planned with",
    permission: "campaign_manager",
    request: { params, body: templateChanges },
    response: object(templateDetail),
    run: updateTemplate,
  }),
  route({
    method: "DELETE",
    path: "/{id}",
    summary: "Archive a template; it stays for the messages that were sent with it",
    permission: "campaign_manager",
    request: { params },
    response: empty(),
    run: archiveTemplate,
  }),
  route({
    method: "POST",
    path: "/{id}/unarchive",
    summary: "Put an archived template back into the list, inactive",
    permission: "campaign_manager",
    request: { params },
    response: object(templateDetail),
    run: unarchiveTemplate,
  }),
  route({
    method: "GET",
    path: "/{id}/versions",
    summary: "List every text that a template had, newest first",
    permission: "viewer",
    request: { params, query: z.strictObject({ page, limit, skip }) },
    response: list(templateVersion),
    run: listVersions,
  }),
  route({
    method: "POST",
    path: "/{id}/restore",
    summary: "Give a template the text of an earlier version, as a new version",
    permission: "campaign_manager",
    request: { params, body: restoreInput },
    response: object(templateDetail),
    run: restoreTemplate,
  }),
  route({
    method: "POST",
    path: "/{id}/duplicate",
    summary: "Make a template with the text of another",
    permission: "campaign_manager",
    request: { params, body: z.strictObject({ name: oneLine(200).optional() }).prefault({}) },
    response: created(templateDetail),
    run: duplicateTemplate,
  }),
  route({
    method: "GET",
    path: "/{id}/preview",
    summary: "Show what a lead would get of a template",
    permission: "viewer",
    request: { params, query: z.strictObject({ lead_id: z.guid().optional() }) },
    response: object(preview),
    run: (ctx, { params, query }) => previewTemplate(ctx, { params, body: query }),
  }),
  route({
    method: "POST",
    path: "/{id}/preview",
    summary: "Show what a lead would get of a template, with values to try",
    permission: "viewer",
    request: { params, body: previewInput.prefault({}) },
    response: object(preview),
    run: previewTemplate,
  }),
];
