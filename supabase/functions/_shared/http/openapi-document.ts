// The OpenAPI document of an area, made from its route declarations.
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { DEFAULT_MAX_BODY_BYTES, type Route } from "./declared-route.ts";
import { ERROR_STATUS } from "./error-codes.ts";
import { paginationSchema } from "./pagination.ts";
import type { Answer } from "./responses.ts";
import { isRole } from "./roles.ts";
import { VERSION } from "./version.ts";

export interface AreaDescription {
  area: string;
  description: string;
  routes: readonly Route[];
  /** Under which heading a route stands; by default the area's name. */
  tagOf?(route: Route): string;
  /** What its errors look like, if not like those of the API. */
  errors?: z.ZodObject;
}

const SCHEMES = {
  userToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The access token of a Supabase session.",
  },
  workerSecret: { type: "apiKey", in: "header", name: "x-worker-secret" },
  twilioSignature: { type: "apiKey", in: "header", name: "x-twilio-signature" },
} as const;

function securityOf({ permission }: Route): (keyof typeof SCHEMES)[] {
  if (isRole(permission)) return ["userToken"];
  if (permission === "worker_secret") return ["workerSecret"];
  return permission === "twilio_signature" ? ["twilioSignature"] : [];
}

/** What respondError writes. */
const error = z.object({
  success: z.literal(false),
  error: z.object({
    code: z.enum(Object.keys(ERROR_STATUS) as [string, ...string[]]),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
    request_id: z.string(),
  }),
  detail: z.string(),
});

/** @returns an OpenAPI 3.1 document; `x-permission` of each operation is the lowest role (or the machine) that may call it */
export function openApiDocument({
  area,
  description,
  routes,
  errors = error,
  tagOf = () => area,
}: AreaDescription): Record<string, unknown> {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  // Made anew: schemas from before this module was loaded can't be named.
  const failure = {
    description: "An error",
    content: { "application/json": { schema: z.object(errors.shape).openapi("Error") } },
  };
  for (const route of routes) {
    const { params, query, body, form } = route.request ?? {};
    const [type, schema] = body
      ? (["application/json", body] as const)
      : (["application/x-www-form-urlencoded", form] as const);
    const security = securityOf(route);
    for (const scheme of security) registry.registerComponent("securitySchemes", scheme, SCHEMES[scheme]);
    registry.registerPath({
      method: route.method.toLowerCase() as Lowercase<typeof route.method>,
      path: `/${area}${route.path === "/" ? "" : route.path}`,
      operationId: operationId(area, route),
      tags: [tagOf(route)],
      summary: route.summary,
      ...(route.description && { description: route.description }),
      "x-permission": route.permission,
      ...(route.isMounted && { "x-mounted": true }),
      ...(schema && { "x-max-body-bytes": route.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES }),
      security: security.map((scheme) => ({ [scheme]: [] })),
      request: {
        ...(params && { params }),
        ...(query && { query }),
        ...(schema && { body: { required: true, content: { [type]: { schema } } } }),
      },
      responses: {
        [route.response.status]: success(route.response),
        "4XX": failure,
        "5XX": failure,
      },
    });
  }
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: `SMS Control Tower: ${area}`, version: VERSION, description },
    servers: [{ url: "/functions/v1" }],
  });
  return { ...document };
}

function success(answer: Answer) {
  switch (answer.kind) {
    case "empty":
      return { description: "Done, without a body" };
    case "raw":
      return { description: answer.description, content: { [answer.contentType]: { schema: z.string() } } };
    case "object":
      return json(z.object({ success: z.literal(true), data: answer.schema }));
    case "verbatim":
      return json(answer.schema);
    case "list":
      return json(
        z.object({
          success: z.literal(true),
          data: z.array(answer.schema),
          pagination: paginationSchema,
        }),
      );
  }
}

function json(schema: z.ZodType) {
  return { description: "Done", content: { "application/json": { schema } } };
}

/** Such as get_leads_by_id_phones: stable, unique, and readable in generated clients. */
function operationId(area: string, route: Route): string {
  const words = route.path
    .replace(/\{(\w+)\}/g, "by_$1")
    .split(/[^\w]+/)
    .filter(Boolean);
  return [
    route.method.toLowerCase(),
    area.replaceAll("-", "_"),
    ...words.map((word: string) => word.replaceAll("-", "_")),
  ].join("_");
}
