// The route table of imports.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { accepted, created, list, object, raw } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { controlImport } from "./control-import.ts";
import { createUpload } from "./create-upload.ts";
import { downloadRejections } from "./download-rejections.ts";
import { executeImport } from "./execute-import.ts";
import { getImport } from "./get-import.ts";
import { listImports } from "./list-imports.ts";
import { listRejections } from "./list-rejections.ts";
import { previewImport } from "./preview-import.ts";
import {
  IMPORT_STATUSES,
  importUpload,
  leadImport,
  preview,
  REJECTION_OUTCOMES,
  rejection,
  startedImport,
  uploadInput,
} from "./schemas.ts";

const params = z.object({ id: z.uuid() });
const outcome = z.array(z.enum(REJECTION_OUTCOMES)).optional();
// The bodies are read as they stream in, so they are described here and checked by the use cases.
const BODY =
  "Body: multipart/form-data with the CSV in field `file` (at most 100 MB), optional fields `mapping` (JSON {column: field}; null leaves a column out, columns not named become custom fields, but those that say who must not be written to count all the same: map them to custom_field to have them mean nothing) or `mapping_id` (a saved mapping; without both, the saved one that fits best, else that of the last import with the same columns, else the suggested one), `tags` (JSON list), `auto_tags` (true, or JSON {time, geographic, property, upload_date}; such as SEP25, TX-HAR, 5-10AC), `keep_case` (names and places in capitals stay in capitals), `allow_repeat`, `merge_strategy` (`skip`, `update`, `fill`, `add_phones` or `create`). Or the CSV itself as text/csv, with these fields and `file_name` in the query. Or application/json with `upload_id` instead of the file: {upload_id, mapping, tags, …}.";

const CONTROLS = [
  ["pause", "Pause an import: nothing is applied after the answer"],
  ["resume", "Resume an import that was paused, or that failed for a cause that is gone"],
  ["cancel", "Cancel an import: what it imported stays"],
  [
    "undo",
    "Undo an import that ended: what it created is removed, what it changed is put back, what others changed since stays",
  ],
] as const;

export const routes = [
  route({
    method: "GET",
    path: "/imports",
    summary: "List imports, newest first",
    permission: "viewer",
    request: {
      query: z.strictObject({ ...pageFields, status: z.array(z.enum(IMPORT_STATUSES)).optional() }),
    },
    response: list(leadImport),
    run: listImports,
  }),
  route({
    method: "GET",
    path: "/import/{id}",
    summary: "Read an import and its progress",
    permission: "viewer",
    request: { params },
    response: object(leadImport),
    run: getImport,
  }),
  route({
    method: "GET",
    path: "/import/{id}/rejections",
    summary:
      "List the rows that were not imported, warnings, and leads that undo kept, in the order of the file",
    permission: "viewer",
    request: { params, query: z.strictObject({ ...pageFields, outcome }) },
    response: list(rejection),
    run: listRejections,
  }),
  route({
    method: "GET",
    path: "/import/{id}/rejections.csv",
    summary: "Download the rows that were not imported, to correct and import again",
    permission: "viewer",
    request: { params, query: z.strictObject({ outcome }) },
    response: raw(
      "text/csv",
      "The file's own columns, then import_line, import_outcome, import_field, import_reason",
    ),
    run: downloadRejections,
  }),
  route({
    method: "POST",
    path: "/import/upload",
    summary: "Ask for a link by which a client uploads a file directly to Storage",
    permission: "campaign_manager",
    request: { body: uploadInput },
    response: created(importUpload),
    run: createUpload,
  }),
  route({
    method: "POST",
    path: "/import/preview",
    summary: "Look at a CSV before importing it: mapping, sample, problems, duplicates. Writes nothing",
    description: BODY,
    permission: "campaign_manager",
    response: object(preview),
    run: previewImport,
  }),
  route({
    method: "POST",
    path: "/import/execute",
    summary:
      "Import a CSV: it is stored and queued at once; the Realtime channel import:<id> shows its progress",
    description: BODY,
    permission: "campaign_manager",
    response: accepted(startedImport),
    run: executeImport,
  }),
  ...CONTROLS.map(([verb, summary]) =>
    route({
      method: "POST",
      path: `/import/{id}/${verb}`,
      summary,
      permission: "campaign_manager",
      request: { params },
      response: object(leadImport),
      run: controlImport(`${verb}_import`),
    }),
  ),
];
