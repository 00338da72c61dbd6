// The routes of labels.
import { z } from "zod";
import { created, empty, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { createLabel, deleteLabel, listLabels, updateLabel } from "./labels.ts";
import { label, labelChanges, labelInput } from "./schemas.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/labels",
    summary: "List the labels of conversations by name",
    permission: "viewer",
    response: object(z.array(label)),
    run: listLabels,
  }),
  route({
    method: "POST",
    path: "/labels",
    summary: "Create a label of conversations: at most 100",
    permission: "campaign_manager",
    request: { body: labelInput },
    response: created(label),
    run: createLabel,
  }),
  route({
    method: "PATCH",
    path: "/labels/{id}",
    summary: "Change a label",
    permission: "campaign_manager",
    request: { params, body: labelChanges },
    response: object(label),
    run: updateLabel,
  }),
  route({
    method: "DELETE",
    path: "/labels/{id}",
    summary: "Delete a label and take it from all conversations",
    permission: "campaign_manager",
    request: { params },
    response: empty(),
    run: deleteLabel,
  }),
];
