// Who may call which route of which function. A role is the lowest that may, about its own organisation; if a path names
// something, another organisation's gives 404.
import { randomUUID } from "node:crypto";
import { doorRoutes } from "./door-routes.ts";
import { nextPhone, type Side } from "./fill-org.ts";
import type { RouteExpectation } from "./route-expectation.ts";

const campaign = (side: Side) => side.row.campaigns?.id;
const lead = (side: Side) => side.row.leads?.id;
const blueprint = (side: Side) => side.row.campaign_blueprints?.id;
const segment = (side: Side) => side.row.segments?.id;
const number = (side: Side) => side.row.phone_numbers?.id;
const conversation = (side: Side) => side.row.conversations?.id;
const leadImport = (side: Side) => side.row.imports?.id;

function form(): FormData {
  const body = new FormData();
  body.append("file", new Blob([`First Name,Phone\nRosa,${nextPhone()}\n`], { type: "text/csv" }), "a.csv");
  return body;
}

const newText = () => ({
  name: `Wall ${randomUUID()}`,
  category: "custom",
  language: "en",
  content: "Hi there",
});

/** Of nobody there is. */
function erasePhone() {
  const phone = nextPhone();
  return { phone, confirm: phone };
}

/** The open routes of every area, which show nobody's data. */
function openRoutes(...areas: string[]): Record<string, RouteExpectation> {
  const paths = areas.flatMap((area) => [`GET /${area}/health`, `GET /${area}/openapi.json`]);
  return Object.fromEntries(paths.map((path) => [path, { permission: "open" }]));
}

const AREAS: Record<string, RouteExpectation> = {
  ...openRoutes(
    "campaigns",
    "compliance",
    "leads",
    "messages",
    "phone-numbers",
    "settings",
    "templates",
    "background-worker",
    "twilio",
    "worker",
  ),

  "GET /templates": { permission: "viewer" },
  "POST /templates": { permission: "campaign_manager", send: () => newText() },
  "GET /templates/export": { permission: "viewer" },
  "POST /templates/import": {
    permission: "campaign_manager",
    send: () => {
      const body = new FormData();
      const csv = `name,category,language,content\nWall ${randomUUID()},custom,en,Hi there\n`;
      body.append("file", new Blob([csv], { type: "text/csv" }), "texts.csv");
      return body;
    },
  },
  "POST /templates/lint": {
    permission: "viewer",
    send: () => ({ content: "Hi there", category: "custom", language: "en" }),
  },
  "POST /templates/preview": {
    permission: "viewer",
    other: 404,
    send: (side) => ({ content: "Hi there", language: "en", lead_id: lead(side) }),
  },
  "GET /templates/performance": { permission: "viewer" },
  "GET /templates/{id}/performance": { permission: "viewer", id: (side) => side.addTemplate() },
  "GET /templates/{id}": { permission: "viewer", id: (side) => side.addTemplate() },
  "PATCH /templates/{id}": {
    permission: "campaign_manager",
    id: (side) => side.addTemplate(),
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "DELETE /templates/{id}": { permission: "campaign_manager", id: (side) => side.addTemplate() },
  "POST /templates/{id}/unarchive": { permission: "campaign_manager", id: (side) => side.addTemplate() },
  "GET /templates/{id}/versions": { permission: "viewer", id: (side) => side.addTemplate() },
  "POST /templates/{id}/restore": {
    permission: "campaign_manager",
    id: (side) => side.addTemplate(),
    send: () => ({ version: 1 }),
  },
  "POST /templates/{id}/duplicate": {
    permission: "campaign_manager",
    id: (side) => side.addTemplate(),
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "GET /templates/{id}/preview": { permission: "viewer", id: (side) => side.addTemplate() },
  "POST /templates/{id}/preview": {
    permission: "viewer",
    id: (side) => side.addTemplate(),
    send: () => ({}),
  },
  // The phone is not confirmed: members with the right get this reason.
  "POST /templates/{id}/test-send": {
    permission: "campaign_manager",
    id: (side) => side.addTemplate(),
    send: async (side) => ({ to: (await side.addTestPhone()).e164 }),
  },
  "GET /templates/test-phones": { permission: "viewer" },
  // It is there already, so nothing is sent.
  "POST /templates/test-phones": {
    permission: "campaign_manager",
    send: async (side) => ({ phone: (await side.addTestPhone()).e164 }),
  },
  "POST /templates/test-phones/{id}/resend": {
    permission: "campaign_manager",
    id: ({ row }) => row.test_phones?.id,
  },
  "POST /templates/test-phones/{id}/confirm": {
    permission: "campaign_manager",
    id: async (side) => (await side.addTestPhone()).id,
    send: () => ({ code: "123456" }),
  },
  "DELETE /templates/test-phones/{id}": {
    permission: "campaign_manager",
    id: async (side) => (await side.addTestPhone()).id,
  },

  "GET /settings/me": { permission: "viewer" },
  "GET /settings/organisation": { permission: "viewer" },
  "PATCH /settings/organisation": { permission: "admin", send: () => ({ failed_volume: 101 }) },
  "GET /settings/alerts": { permission: "viewer" },
  "POST /settings/alerts/{id}/resolve": { permission: "operator", id: ({ row }) => row.alerts?.id },

  "GET /settings/people": { permission: "viewer" },
  "PATCH /settings/people/{id}": {
    permission: "admin",
    id: ({ row }) => row.users?.id,
    send: () => ({ role: "viewer" }),
  },
  "PUT /settings/people/{id}/availability": {
    permission: "operator",
    othersNeed: "admin",
    id: ({ row }) => row.users?.id,
    send: () => ({ is_available: true }),
  },
  "DELETE /settings/people/{id}": { permission: "admin", id: (side) => side.addPerson() },
  "GET /settings/invitations": { permission: "admin" },
  "POST /settings/invitations": {
    permission: "admin",
    send: () => ({ email: `${randomUUID()}@example.com`, role: "viewer" }),
  },
  "DELETE /settings/invitations/{id}": {
    permission: "admin",
    id: async (side) => (await side.addInvitation()).id,
  },
  // About the caller's own organisation: its members get this reason.
  "POST /settings/invitations/accept": {
    permission: "viewer",
    send: async (side) => ({ token: (await side.addInvitation()).token }),
    other: 404,
  },

  "GET /leads": { permission: "viewer" },
  "POST /leads": { permission: "operator", send: () => ({ primary_phone: nextPhone() }) },
  "POST /leads/search": { permission: "viewer", send: () => ({ filter: { search: "rosa" } }) },
  "POST /leads/count": {
    permission: "viewer",
    other: 422,
    send: ({ row }) => ({ filter: { segment_ids: [row.segments?.id] } }),
  },
  "GET /leads/segments": { permission: "viewer" },
  "POST /leads/segments": {
    permission: "operator",
    send: () => ({ kind: "list", name: `Wall ${randomUUID()}` }),
  },
  "GET /leads/segments/{id}": { permission: "viewer", id: segment },
  "PATCH /leads/segments/{id}": {
    permission: "operator",
    id: segment,
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "DELETE /leads/segments/{id}": { permission: "operator", id: (side) => side.addSegment() },
  "POST /leads/segments/{id}/leads": {
    permission: "operator",
    id: segment,
    send: ({ row }) => ({ add: [row.leads?.id] }),
  },
  "GET /leads/{id}": { permission: "viewer", id: lead },
  "PATCH /leads/{id}": { permission: "operator", id: lead, send: () => ({ city: "Marfa" }) },
  "DELETE /leads/{id}": { permission: "operator", id: async (side) => (await side.addLead()).id },
  "PATCH /leads/{id}/phones/{phone_id}": {
    permission: "operator",
    id: lead,
    send: () => ({ label: "Office" }),
    rest: { phone_id: ({ row }) => row.lead_phones?.id },
  },
  "POST /leads/{id}/properties": { permission: "operator", id: lead, send: () => ({ apn: randomUUID() }) },
  "PATCH /leads/{id}/properties/{property_id}": {
    permission: "operator",
    id: lead,
    send: () => ({ acreage: 8 }),
    rest: { property_id: ({ row }) => row.lead_properties?.id },
  },
  "DELETE /leads/{id}/properties/{property_id}": {
    permission: "operator",
    id: lead,
    rest: { property_id: (side) => side.addParcel() },
  },
  "GET /leads/phones/figures": { permission: "viewer" },
  "GET /leads/lookups": { permission: "viewer" },
  "POST /leads/lookups": { permission: "campaign_manager", send: () => ({ all: true, dry_run: true }) },
  "GET /leads/duplicates": { permission: "viewer" },
  "GET /leads/{id}/duplicates": { permission: "viewer", id: lead },
  "POST /leads/duplicates/dismiss": {
    permission: "operator",
    send: async (side) => ({ lead_ids: [(await side.addLead()).id, (await side.addLead()).id] }),
    other: 404,
  },
  "POST /leads/erase": { permission: "admin", send: () => erasePhone() },
  "POST /leads/{id}/erase": {
    permission: "admin",
    id: async (side) => (await side.addLead({ first_name: "Wall", last_name: "Flower" })).id,
    send: () => ({ confirm: "Wall Flower" }),
  },
  "GET /leads/{id}/history": { permission: "viewer", id: lead },
  "POST /leads/merge": {
    permission: "operator",
    send: async (side) => ({ keep_id: (await side.addLead()).id, merge_ids: [(await side.addLead()).id] }),
    other: 404,
  },
  "GET /leads/enrichment-services": { permission: "viewer" },
  "POST /leads/enrichment-services": {
    permission: "admin",
    send: () => ({
      kind: "property",
      name: `Wall ${randomUUID()}`,
      url: "https://parcels.example.com",
      request: { apn: "{apn}" },
      field_map: { acreage: "acres" },
    }),
  },
  "PATCH /leads/enrichment-services/{id}": {
    permission: "admin",
    id: (side) => side.addService(),
    send: () => ({ daily_budget: 8 }),
  },
  "DELETE /leads/enrichment-services/{id}": { permission: "admin", id: (side) => side.addService() },
  "POST /leads/enrichment-services/{id}/requests": {
    permission: "campaign_manager",
    id: (side) => side.addService(),
    send: () => ({ all: true, dry_run: true }),
  },
  // No name of example.com resolves, and the answer says so.
  "POST /leads/enrichment-services/{id}/test": {
    permission: "admin",
    id: (side) => side.addService(),
    send: () => ({ parcel: { apn: "1" } }),
  },
  "GET /leads/imports": { permission: "viewer" },
  "GET /leads/import/{id}": { permission: "viewer", id: leadImport },
  "GET /leads/import/{id}/rejections": { permission: "viewer", id: leadImport },
  "GET /leads/import/{id}/rejections.csv": { permission: "viewer", id: leadImport },
  "GET /leads/import/mappings": { permission: "viewer" },
  "POST /leads/import/mappings": {
    permission: "campaign_manager",
    send: () => ({ name: `Wall ${randomUUID()}`, mapping: { Phone: "primary_phone" } }),
  },
  "DELETE /leads/import/mappings/{id}": {
    permission: "campaign_manager",
    id: async ({ org }) => {
      const [made] = await org.sql`
        insert into public.import_mappings (org_id, name, columns, fingerprint, mapping)
        values (${org.id}, ${randomUUID()}, '{Phone}', ${"0".repeat(64)}, '{"Phone": "primary_phone"}') returning id`;
      return made?.id;
    },
  },
  "POST /leads/import/{id}/pause": { permission: "campaign_manager", id: leadImport },
  "POST /leads/import/{id}/resume": { permission: "campaign_manager", id: leadImport },
  "POST /leads/import/{id}/cancel": { permission: "campaign_manager", id: leadImport },
  "POST /leads/import/{id}/undo": { permission: "campaign_manager", id: leadImport },
  "POST /leads/import/upload": {
    permission: "campaign_manager",
    send: () => ({ file_name: "owners.csv", file_bytes: 10 }),
  },
  "POST /leads/import/preview": { permission: "campaign_manager", send: form },
  "POST /leads/import/execute": { permission: "campaign_manager", send: form },

  "POST /leads/exports": {
    permission: "operator",
    other: 422,
    send: ({ row }) => ({ filter: { segment_ids: [row.segments?.id] } }),
  },
  // A job without a file: callers with the right get this reason.
  "GET /leads/exports/{id}/download": { permission: "operator", id: ({ row }) => row.jobs?.id },
  "POST /leads/bulk-actions": {
    permission: "operator",
    send: ({ row }) => ({ action: "add_tags", value: ["WALL"], ids: [row.leads?.id], dry_run: true }),
  },
  "POST /leads/bulk-actions/{id}/undo": { permission: "operator", id: (side) => side.addBulkAction() },
  "GET /leads/statistics": {
    permission: "viewer",
    other: 422,
    query: ({ row }) => ({ segment_id: row.segments?.id as string }),
  },
  "GET /leads/jobs": { permission: "viewer" },
  "GET /leads/jobs/{id}": { permission: "viewer", id: ({ row }) => row.jobs?.id },
  "POST /leads/jobs/{id}/cancel": { permission: "operator", id: ({ row }) => row.jobs?.id },

  "GET /campaigns": { permission: "viewer" },
  "POST /campaigns": {
    permission: "campaign_manager",
    send: ({ org, row }) => ({
      name: `Wall ${randomUUID()}`,
      template_ids: [org.templates.initial],
      phone_number_ids: [row.phone_numbers?.id],
    }),
    other: 422,
  },
  "GET /campaigns/{id}": { permission: "viewer", id: campaign },
  "PATCH /campaigns/{id}": {
    permission: "campaign_manager",
    id: campaign,
    send: () => ({ description: "x" }),
  },
  "POST /campaigns/{id}/build-targets": {
    permission: "campaign_manager",
    id: campaign,
    send: () => ({ dry_run: true }),
  },
  "POST /campaigns/test-size": {
    permission: "viewer",
    other: 404,
    send: (side) => ({ baseline: 4, difference: 2, campaign_id: campaign(side) }),
  },
  "PUT /campaigns/{id}/test": {
    permission: "campaign_manager",
    id: campaign,
    send: () => ({ metric: "interested" }),
  },
  "GET /campaigns/{id}/rotation": { permission: "viewer", id: campaign },
  "GET /campaigns/{id}/test": { permission: "viewer", id: campaign },
  "DELETE /campaigns/{id}/test": { permission: "campaign_manager", id: (side) => side.addAbTest() },
  "POST /campaigns/{id}/test/promote": {
    permission: "campaign_manager",
    id: campaign,
    send: () => ({ variant: "A" }),
  },
  "GET /campaigns/{id}/preflight": { permission: "viewer", id: campaign },
  "POST /campaigns/{id}/test-send": {
    permission: "campaign_manager",
    id: campaign,
    send: async (side) => ({ to: (await side.addTestPhone()).e164 }),
  },
  "POST /campaigns/{id}/start": { permission: "campaign_manager", id: campaign },
  "POST /campaigns/{id}/pause": { permission: "campaign_manager", id: campaign },
  "POST /campaigns/{id}/resume": { permission: "campaign_manager", id: campaign },
  "POST /campaigns/{id}/stop": { permission: "campaign_manager", id: campaign },
  "POST /campaigns/{id}/clone": { permission: "campaign_manager", id: campaign, send: () => ({}) },
  "POST /campaigns/{id}/schedule": {
    permission: "campaign_manager",
    id: campaign,
    send: () => ({ scheduled_at: null }),
  },
  "POST /campaigns/{id}/archive": { permission: "campaign_manager", id: campaign },
  "POST /campaigns/{id}/unarchive": { permission: "campaign_manager", id: campaign },
  "GET /campaigns/blueprints": { permission: "viewer" },
  "POST /campaigns/blueprints": {
    permission: "campaign_manager",
    send: ({ org }) => ({
      name: `Wall ${randomUUID()}`,
      definition: { template_ids: [org.templates.initial], mps: 2 },
    }),
  },
  "GET /campaigns/blueprints/{id}": { permission: "viewer", id: blueprint },
  "PATCH /campaigns/blueprints/{id}": {
    permission: "campaign_manager",
    id: blueprint,
    send: () => ({ description: "x" }),
  },
  "DELETE /campaigns/blueprints/{id}": {
    permission: "campaign_manager",
    id: (side) => side.addBlueprint(),
  },
  "POST /campaigns/blueprints/{id}/campaigns": {
    permission: "campaign_manager",
    id: blueprint,
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "GET /campaigns/{id}/stats": { permission: "viewer", id: campaign },
  "GET /campaigns/{id}/targets": { permission: "viewer", id: campaign },

  "GET /phone-numbers": { permission: "viewer" },
  "GET /phone-numbers/{id}": { permission: "viewer", id: number },
  "PATCH /phone-numbers/{id}": { permission: "admin", id: number, send: () => ({ mps: 1 }) },
  "POST /phone-numbers/{id}/status": {
    permission: "admin",
    id: number,
    send: () => ({ status: "paused" }),
  },

  "GET /compliance/quiet-hours/check": {
    permission: "viewer",
    other: 422,
    query: ({ row }) => ({ phone: "+12145550100", lead_id: row.leads?.id as string }),
  },

  // By the time of day it may be outside lawful hours: callers with the right get this reason then.
  "POST /messages/send": {
    permission: "operator",
    send: ({ row }) => ({ lead_id: row.leads?.id, body: `Wall ${randomUUID()}` }),
    other: 404,
  },
  "GET /messages/conversations": { permission: "viewer" },
  "GET /messages/conversations/counts": { permission: "viewer" },
  "POST /messages/conversations/bulk": {
    permission: "operator",
    send: ({ row }) => ({ ids: [row.conversations?.id], change: { is_read: true } }),
  },
  "GET /messages/conversations/{id}": { permission: "viewer", id: conversation },
  "DELETE /messages/conversations/{id}": { permission: "operator", id: (side) => side.addConversation() },
  "GET /messages/conversations/{id}/events": { permission: "viewer", id: conversation },
  "GET /messages/conversations/{id}/messages": { permission: "viewer", id: conversation },
  ...Object.fromEntries(
    ["read", "unread", "archive", "reopen", "dismiss"].map((action): [string, RouteExpectation] => [
      `POST /messages/conversations/{id}/${action}`,
      { permission: "operator", id: conversation },
    ]),
  ),
  "POST /messages/conversations/{id}/snooze": {
    permission: "operator",
    id: (side) => side.addConversation(),
    send: () => ({ until: new Date(Date.now() + 86_400_000).toISOString() }),
  },
  "POST /messages/conversations/{id}/claim": { permission: "operator", id: (side) => side.addConversation() },
  "DELETE /messages/conversations/{id}/claim": {
    permission: "operator",
    id: (side) => side.addConversation(),
  },
  "PUT /messages/conversations/{id}/star": {
    permission: "operator",
    id: conversation,
    send: () => ({ is_starred: true }),
  },
  "PUT /messages/conversations/{id}/assignee": {
    permission: "operator",
    id: conversation,
    send: () => ({ assignee_id: null }),
  },
  "PUT /messages/conversations/{id}/labels": {
    permission: "operator",
    id: (side) => side.addConversation(),
    send: () => ({ label_ids: [] }),
  },
  "PUT /messages/conversations/{id}/class": {
    permission: "operator",
    id: (side) => side.addConversation(),
    send: () => ({ class: "question" }),
  },
  "POST /messages/conversations/{id}/messages": {
    permission: "operator",
    id: (side) => side.addConversation(),
    send: () => ({ content: `Wall ${randomUUID()}` }),
  },
  "DELETE /messages/scheduled/{id}": { permission: "operator", id: (side) => side.addScheduled() },
  "GET /messages/conversations/{id}/notes": { permission: "viewer", id: conversation },
  "POST /messages/conversations/{id}/notes": {
    permission: "operator",
    id: conversation,
    send: () => ({ content: `Wall ${randomUUID()}` }),
  },
  "PATCH /messages/notes/{id}": {
    permission: "operator",
    othersNeed: "admin",
    id: (side) => side.addNote(),
    send: () => ({ content: `Wall ${randomUUID()}` }),
  },
  "DELETE /messages/notes/{id}": {
    permission: "operator",
    othersNeed: "admin",
    id: (side) => side.addNote(),
  },
  "GET /messages/labels": { permission: "viewer" },
  "POST /messages/labels": {
    permission: "campaign_manager",
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "PATCH /messages/labels/{id}": {
    permission: "campaign_manager",
    id: (side) => side.addLabel(),
    send: () => ({ name: `Wall ${randomUUID()}` }),
  },
  "DELETE /messages/labels/{id}": { permission: "campaign_manager", id: (side) => side.addLabel() },
  "GET /messages/quick-responses": { permission: "viewer" },
  "POST /messages/quick-responses": {
    permission: "operator",
    send: () => ({ title: `Wall ${randomUUID()}`, content: "Hi there" }),
  },
  "PATCH /messages/quick-responses/{id}": {
    permission: "operator",
    othersNeed: "campaign_manager",
    id: (side) => side.addQuickResponse(),
    send: () => ({ title: `Wall ${randomUUID()}` }),
  },
  "DELETE /messages/quick-responses/{id}": {
    permission: "operator",
    othersNeed: "campaign_manager",
    id: (side) => side.addQuickResponse(),
  },
  "GET /messages/reply-times": {
    permission: "viewer",
    query: () => ({ from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }),
  },
  "POST /messages/media": {
    permission: "operator",
    send: () => {
      const body = new FormData();
      body.append("file", new Blob(["GIF89a picture"], { type: "image/gif" }), "a.gif");
      return body;
    },
  },
  // Its file never came: callers with the right get this reason.
  "GET /messages/media/{id}": { permission: "viewer", id: ({ row }) => row.message_media?.id },
  "GET /messages/{id}": { permission: "viewer", id: ({ row }) => row.messages?.id },
  // The send is not unclear: callers with the right get this reason.
  "POST /messages/{id}/resolve": {
    permission: "operator",
    id: ({ row }) => row.messages?.id,
    send: () => ({ action: "assume_sent" }),
  },
  // Only a person's own text has a meaning to correct: callers with the right get this reason.
  "POST /messages/{id}/review": {
    permission: "operator",
    id: ({ row }) => row.messages?.id,
    send: () => ({ class: "reply" }),
  },
  "POST /messages/resolve": {
    permission: "campaign_manager",
    send: (side) => ({ campaign_id: campaign(side), action: "retry" }),
    other: 404,
  },

  "POST /twilio/status": {
    permission: "twilio_signature",
    send: ({ row }) => ({
      MessageSid: `SM${"0".repeat(32)}`,
      MessageStatus: "failed",
      mid: row.messages?.id,
    }),
  },
  "POST /twilio/inbound": {
    permission: "twilio_signature",
    send: ({ row }) => ({
      MessageSid: `SM${"0".repeat(32)}`,
      From: row.conversations?.e164,
      To: row.phone_numbers?.e164,
      Body: "STOP",
      NumMedia: "0",
    }),
  },

  // Twilio's address is signed, and these are not.
  "GET /twilio/media/{id}": { permission: "open", id: ({ row }) => row.message_media?.id, unsigned: 404 },

  "POST /worker/drain": { permission: "worker_secret" },
  "POST /background-worker/drain": { permission: "worker_secret" },
  "POST /background-worker/remove-import-files": { permission: "worker_secret" },
};

export const ROUTES: Record<string, RouteExpectation> = { ...AREAS, ...doorRoutes(AREAS) };
