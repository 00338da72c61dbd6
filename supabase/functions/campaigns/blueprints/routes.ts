// The route table of blueprints: definitions under a name, of which campaigns are made.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { campaignDetail, campaignInput } from "../campaign/schemas.ts";
import { createCampaignOfBlueprint } from "./create-campaign-of-blueprint.ts";
import { deleteBlueprint } from "./delete-blueprint.ts";
import { getBlueprint } from "./get-blueprint.ts";
import { listBlueprints } from "./list-blueprints.ts";
import { createBlueprint, updateBlueprint } from "./save-blueprint.ts";
import { blueprint, blueprintChanges, blueprintInput } from "./schemas.ts";

const params = z.object({ id: z.uuid() });
const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/blueprints",
    summary: "List blueprints by name",
    permission: "viewer",
    request: { query: z.strictObject({ page, limit, skip }) },
    response: list(blueprint),
    run: listBlueprints,
  }),
  route({
    method: "POST",
    path: "/blueprints",
    summary: "Save the definition of a campaign under a name, to make campaigns of it",
    permission: "campaign_manager",
    request: { body: blueprintInput },
    response: created(blueprint),
    run: createBlueprint,
  }),
  route({
    method: "GET",
    path: "/blueprints/{id}",
    summary: "Read a blueprint",
    permission: "viewer",
    request: { params },
    response: object(blueprint),
    run: getBlueprint,
  }),
  route({
    method: "PATCH",
    path: "/blueprints/{id}",
    summary: "Change a blueprint; campaigns that were made of it stay as they are",
    permission: "campaign_manager",
    request: { params, body: blueprintChanges },
    response: object(blueprint),
    run: updateBlueprint,
  }),
  route({
    method: "DELETE",
    path: "/blueprints/{id}",
    summary: "Delete a blueprint; campaigns that were made of it stay",
    permission: "campaign_manager",
    request: { params },
    response: empty(),
    run: deleteBlueprint,
  }),
  route({
    method: "POST",
    path: "/blueprints/{id}/campaigns",
    summary: "Create a draft campaign of a blueprint; the fields of the body win over its definition",
    permission: "campaign_manager",
    request: { params, body: campaignInput },
    response: created(campaignDetail),
    run: createCampaignOfBlueprint,
  }),
];
