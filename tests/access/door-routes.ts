// Who may call the routes of the dashboard's door whose shapes are its own: as an area's route that each stands for.
import { nextPhone, type Side } from "./fill-org.ts";
import type { RouteExpectation } from "./route-expectation.ts";

/** By its path below /api/v1: the area's route, and what is sent in place of what that one takes. */
const DOOR: Record<string, [route: string, send?: (side: Side) => unknown]> = {
  "GET /leads": ["GET /leads"],
  "POST /leads": ["POST /leads", () => ({ phone1: nextPhone() })],
  "GET /leads/{id}": ["GET /leads/{id}"],
  "PATCH /leads/{id}": ["PATCH /leads/{id}"],
  "PUT /leads/{id}": ["PATCH /leads/{id}"],
  "DELETE /leads/{id}": ["DELETE /leads/{id}"],
  "POST /leads/import": ["POST /leads/import/execute"],
  "POST /leads/import/execute": ["POST /leads/import/execute"],
  "GET /leads/import/{id}": ["GET /leads/import/{id}"],

  "POST /messages/send": ["POST /messages/send"],
  "GET /messages/conversations": ["GET /messages/conversations"],
  "GET /messages/conversations/{id}": ["GET /messages/conversations/{id}"],
  "POST /messages/conversations/{id}/messages": ["POST /messages/conversations/{id}/messages"],
  "PUT /messages/conversations/{id}/archive": ["POST /messages/conversations/{id}/archive"],
  "PUT /messages/conversations/{id}/unarchive": ["POST /messages/conversations/{id}/reopen"],
  "PUT /messages/conversations/{id}/read": ["POST /messages/conversations/{id}/read"],
  "PUT /messages/conversations/{id}/star": ["PUT /messages/conversations/{id}/star", () => undefined],
  "PUT /messages/conversations/{id}/unstar": ["PUT /messages/conversations/{id}/star", () => undefined],
  "GET /quick-responses": ["GET /messages/quick-responses"],

  "GET /campaigns": ["GET /campaigns"],
  "GET /campaigns/{id}": ["GET /campaigns/{id}"],
  "PATCH /campaigns/{id}": ["PATCH /campaigns/{id}"],
  "PUT /campaigns/{id}": ["PATCH /campaigns/{id}"],
  "POST /campaigns/{id}/start": ["POST /campaigns/{id}/start"],
  "POST /campaigns/{id}/pause": ["POST /campaigns/{id}/pause"],
  "POST /campaigns/{id}/resume": ["POST /campaigns/{id}/resume"],
  "POST /campaigns/{id}/stop": ["POST /campaigns/{id}/stop"],
  "GET /campaigns/{id}/stats": ["GET /campaigns/{id}/stats"],
  "GET /campaigns/{id}/metrics": ["GET /campaigns/{id}/stats"],

  "GET /templates": ["GET /templates"],
  "POST /templates": ["POST /templates"],
  "GET /templates/{id}": ["GET /templates/{id}"],
  "PATCH /templates/{id}": ["PATCH /templates/{id}"],
  "PUT /templates/{id}": ["PATCH /templates/{id}"],
  "DELETE /templates/{id}": ["DELETE /templates/{id}"],
  "POST /templates/{id}/duplicate": ["POST /templates/{id}/duplicate"],
  "GET /templates/{id}/preview": ["GET /templates/{id}/preview"],
  "POST /templates/{id}/preview": ["POST /templates/{id}/preview"],
  "POST /templates/{id}/test": ["POST /templates/{id}/preview"],
};

/** @param areas what is expected of the areas' own routes @throws Error if the door stands for a route that there is not */
export function doorRoutes(areas: Record<string, RouteExpectation>): Record<string, RouteExpectation> {
  const standing = Object.entries(DOOR).map(([name, [route, send]]): [string, RouteExpectation] => {
    const expectation = areas[route];
    if (!expectation) throw new Error(`${name} stands for ${route}, of which nothing is expected.`);
    return [name, { ...expectation, ...(send && { send }) }];
  });
  const own: [string, RouteExpectation][] = [
    ["GET ", { permission: "open" }],
    ["GET /health", { permission: "open" }],
    ["GET /openapi.json", { permission: "open" }],
    [
      "PUT /leads/bulk",
      {
        permission: "operator",
        send: ({ row }) => ({ leadIds: [row.leads?.id], updates: { status: "new" } }),
      },
    ],
    // Always refused: who may send gets this reason.
    ["POST /messages/broadcast", { permission: "operator", send: () => ({ content: "Hi" }) }],
    [
      "POST /campaigns",
      {
        permission: "campaign_manager",
        send: ({ org }) => ({
          name: `Wall ${nextPhone()}`,
          messages: [{ templateId: org.templates.initial }],
        }),
        other: 404,
      },
    ],
    [
      "POST /campaigns/build-targets",
      {
        permission: "campaign_manager",
        send: ({ row }) => ({ campaign_id: row.campaigns?.id, dry_run: true }),
        other: 404,
      },
    ],
  ];
  return Object.fromEntries(
    [...standing, ...own].map(([name, expectation]) => [name.replace(" ", " /api/v1"), expectation]),
  );
}
