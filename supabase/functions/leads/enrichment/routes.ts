// The route table of services that are asked about parcels and phones.
import { z } from "zod";
import { accepted, created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { addService } from "./add-service.ts";
import { listServices } from "./list-services.ts";
import { removeService } from "./remove-service.ts";
import { requestEnrichment } from "./request-enrichment.ts";
import {
  enrichmentRequest,
  requestedEnrichment,
  service,
  serviceChanges,
  serviceInput,
  testInput,
  testResult,
} from "./schemas.ts";
import { testService } from "./test-service.ts";
import { updateService } from "./update-service.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/enrichment-services",
    summary: "List the services that are asked about parcels and phones, each with its progress",
    permission: "viewer",
    response: list(service),
    run: listServices,
  }),
  route({
    method: "POST",
    path: "/enrichment-services",
    summary: "Add a service; it is off until it is turned on",
    permission: "admin",
    request: { body: serviceInput },
    response: created(service),
    run: addService,
  }),
  route({
    method: "PATCH",
    path: "/enrichment-services/{id}",
    summary: "Change a service; one that was failing is tried again at once",
    permission: "admin",
    request: { params, body: serviceChanges },
    response: object(service),
    run: updateService,
  }),
  route({
    method: "DELETE",
    path: "/enrichment-services/{id}",
    summary: "Remove a service with its secret; phones that it found on a list stay suppressed",
    permission: "admin",
    request: { params },
    response: empty(),
    run: removeService,
  }),
  route({
    method: "POST",
    path: "/enrichment-services/{id}/requests",
    summary: "Have a service asked about parcels or phones, or only count these",
    permission: "campaign_manager",
    request: { params, body: enrichmentRequest },
    response: accepted(requestedEnrichment),
    run: requestEnrichment,
  }),
  route({
    method: "POST",
    path: "/enrichment-services/{id}/test",
    summary: "Ask a service about one sample: nothing is written, nothing charged",
    permission: "admin",
    request: { params, body: testInput },
    response: object(testResult),
    run: testService,
  }),
];
