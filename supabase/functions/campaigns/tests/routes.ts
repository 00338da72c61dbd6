// The route table of campaigns: A/B tests of their variants.
import { z } from "zod";
import { empty, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { endTest } from "./end-test.ts";
import { promoteVariant } from "./promote-variant.ts";
import { readTest } from "./read-test.ts";
import { looksAsked, promotion, size, sizeInput, test, testInput } from "./schemas.ts";
import { setTest } from "./set-test.ts";
import { sizeTest } from "./size-test.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "POST",
    path: "/test-size",
    summary: "Say how many people an A/B test needs to find a difference, and how long that takes",
    permission: "viewer",
    request: { body: sizeInput },
    response: object(size),
    run: sizeTest,
  }),
  route({
    method: "PUT",
    path: "/{id}/test",
    summary: "Set up the A/B test of a campaign with variants, before it starts",
    permission: "campaign_manager",
    request: { params, body: testInput },
    response: object(test),
    run: setTest,
  }),
  route({
    method: "GET",
    path: "/{id}/test",
    summary: "Read an A/B test with the numbers of every look, its decision and its promotion",
    permission: "viewer",
    request: { params, query: looksAsked },
    response: object(test),
    run: readTest,
  }),
  route({
    method: "DELETE",
    path: "/{id}/test",
    summary: "End an A/B test without a decision; before the start, delete it",
    permission: "campaign_manager",
    request: { params },
    response: empty(),
    run: endTest,
  }),
  route({
    method: "POST",
    path: "/{id}/test/promote",
    summary: "Give one variant to everybody who still waits for their first text",
    permission: "campaign_manager",
    request: { params, body: promotion },
    response: object(test),
    run: promoteVariant,
  }),
];
