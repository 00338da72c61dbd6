// What the door says about itself.
import { z } from "zod";
import type { Route } from "../../_shared/http/declared-route.ts";
import { createHealthCheck, healthSchema } from "../../_shared/http/health.ts";
import { raw, verbatim } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { VERSION } from "../../_shared/http/version.ts";

const checkHealth = createHealthCheck();
const text = z.string();

export const overviewRoutes: Route[] = [
  route({
    method: "GET",
    path: "/",
    summary: "What this is, and where its documents are",
    permission: "open",
    response: verbatim(z.object({ message: text, version: text, docs: text, api_v1: text })),
    run: () => ({
      message: "SMS Control Tower",
      version: VERSION,
      docs: "/functions/v1/api/v1/openapi.json",
      api_v1: "/functions/v1/api/v1",
    }),
  }),
  route({
    method: "GET",
    path: "/health",
    summary: "Whether the door and the database answer",
    permission: "open",
    response: verbatim(healthSchema(false).extend({ success: z.literal(true) })),
    run: async ({ env }) => ({ success: true as const, ...(await checkHealth(env)) }),
  }),
  route({
    method: "GET",
    path: "/openapi.json",
    summary: "One OpenAPI 3.1 document of everything below /api/v1",
    permission: "open",
    response: raw("application/json", "The OpenAPI document"),
    run: async () => {
      const { default: document } = await import("./openapi.generated.json", { with: { type: "json" } });
      return Response.json(document);
    },
  }),
];
