// The OpenAPI document agrees with the route table for every route.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openApiDocument } from "../../../supabase/functions/_shared/http/openapi-document.ts";
import { pageFields } from "../../../supabase/functions/_shared/http/pagination.ts";
import { created, empty, list, object } from "../../../supabase/functions/_shared/http/responses.ts";
import { route } from "../../../supabase/functions/_shared/http/route.ts";
import { muteLog } from "./mute-log.ts";
import { areaOf } from "./test-area.ts";

muteLog();

const thing = z.object({ id: z.uuid(), name: z.string().describe("What people call it") });
const id = z.object({ id: z.uuid() });
const routes = [
  route({
    method: "GET",
    path: "/",
    summary: "Lists things",
    permission: "viewer",
    request: { query: z.object({ ...pageFields, tags: z.array(z.string()).optional() }) },
    response: list(thing),
    run: () => Promise.reject(new Error("only declared")),
  }),
  route({
    method: "POST",
    path: "/",
    summary: "Makes a thing",
    permission: "campaign_manager",
    request: { body: z.strictObject({ name: z.string().min(1) }) },
    response: created(thing),
    run: () => ({ id: "", name: "" }),
  }),
  route({
    method: "POST",
    path: "/import",
    summary: "Imports things",
    permission: "campaign_manager",
    maxBodyBytes: 5_000_000,
    request: { body: z.object({ csv: z.string() }) },
    response: object(thing),
    run: () => ({ id: "", name: "" }),
  }),
  route({
    method: "DELETE",
    path: "/{id}/child-things/{id_2}",
    summary: "Removes a thing",
    permission: "worker_secret",
    request: { params: id.extend({ id_2: z.string() }) },
    response: empty(),
    run: () => {},
  }),
];

// biome-ignore lint/suspicious/noExplicitAny: a JSON document walked by a test
type Json = any;
const document: Json = openApiDocument({ area: "things", description: "Things.", routes });

describe("the document", () => {
  it("has every route, with its permission and its ways to authenticate", () => {
    const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        operation["x-permission"],
        operation.security,
        operation.operationId,
      ]),
    );
    expect(operations).toEqual([
      ["GET /things", "viewer", [{ userToken: [] }], "get_things"],
      ["POST /things", "campaign_manager", [{ userToken: [] }], "post_things"],
      ["POST /things/import", "campaign_manager", [{ userToken: [] }], "post_things_import"],
      [
        "DELETE /things/{id}/child-things/{id_2}",
        "worker_secret",
        [{ workerSecret: [] }],
        "delete_things_by_id_child_things_by_id_2",
      ],
    ]);
  });

  it("describes query, body, answer and error as they are sent", () => {
    const { get, post } = document.paths["/things"];
    expect(get.parameters.map((p: { name: string }) => p.name)).toEqual([
      "page",
      "limit",
      "skip",
      "cursor",
      "tags",
    ]);
    expect(get.responses["200"].content["application/json"].schema).toMatchObject({
      required: ["success", "data", "pagination"],
      properties: {
        data: { type: "array", items: { properties: { name: { description: "What people call it" } } } },
      },
    });
    expect(post.requestBody.content["application/json"].schema).toMatchObject({
      required: ["name"],
      additionalProperties: false,
    });
    expect(post.responses["201"]).toBeDefined();
    expect(post.responses["4XX"].content["application/json"].schema).toEqual({
      $ref: "#/components/schemas/Error",
    });
    expect(document.components.schemas.Error.properties.error.properties.code.enum).toContain(
      "invalid_input",
    );
    const upload = document.paths["/things/import"].post;
    expect(upload["x-max-body-bytes"]).toBe(5_000_000);
    expect(upload.requestBody.content["application/json"].schema.properties.csv).toEqual({ type: "string" });
    expect(
      document.paths["/things/{id}/child-things/{id_2}"].delete.responses["204"].content,
    ).toBeUndefined();
  });

  it("is served by the area itself, /health and itself included, to anybody", async () => {
    const response = await areaOf(routes)("/openapi.json");
    expect(response.headers.get("content-type")).toContain("application/json");
    const served = await response.json();
    expect(Object.keys(served.paths)).toEqual(
      expect.arrayContaining(["/things", "/things/health", "/things/openapi.json"]),
    );
    expect(served.paths["/things/health"].get).toMatchObject({ "x-permission": "open", security: [] });
  });
});
