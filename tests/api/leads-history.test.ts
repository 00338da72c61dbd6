// A lead that is written to and answers: its status and score, its history, and the broadcasts a browser receives.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { mixedPhoneAt } from "../fixtures/list-phones.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator"], numbers: 1 });
});
afterAll(() => org?.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.users.operator, method, `/leads${path}`, body);
const create = async (body: Record<string, unknown>) => (await call("POST", "", body)).body.data;
let next = 0;
const phone = () => mixedPhoneAt(next++);
interface Entry {
  type: string;
  [field: string]: unknown;
}
const historyOf = async (id: string, query = "") => {
  const answer = await callFunction(stack, org.users.viewer, "GET", `/leads/${id}/history${query}`);
  expect(answer.status).toBe(200);
  return answer.body.data as { entries: Entry[]; next_cursor: string | null };
};

it("is told in order, by type and page by page, also after a merge", async () => {
  const lead = await create({ first_name: "Rosa", primary_phone: phone() });
  const heard = await joinChannel(org.users.viewer as never, `org:${org.id}`);
  const campaign = await buildCampaign(org);
  await startCampaign(org, campaign);
  await waitForStatus(org, campaign, "completed");
  await waitFor(async () => (await call("GET", `/${lead.id}`)).body.data.status === "contacted");
  const write = (body: string) =>
    org.simulator.sendInbound({ from: lead.primary_phone, to: org.numbers[0]?.e164 as string, body });
  await write("Sí, me interesa. ¿Cuánto ofrece?");
  expect((await call("GET", `/${lead.id}`)).body.data).toMatchObject({
    status: "interested",
    lead_score: "hot",
  });
  await call("PATCH", `/${lead.id}`, { lead_score: "warm" });
  await write("ALTO");
  expect((await call("GET", `/${lead.id}`)).body.data).toMatchObject({ status: "do_not_contact" });
  await waitFor(async () => {
    const delivered = await org.sql`
      select 1 from public.messages where org_id = ${org.id} and direction = 'outbound' and status = 'delivered'`;
    return delivered.length === 2;
  });
  const keep = await create({ first_name: "Rosa", primary_phone: phone() });
  await call("POST", "/merge", { keep_id: keep.id, merge_ids: [lead.id] });

  const { entries, next_cursor } = await historyOf(keep.id);
  expect(next_cursor).toBeNull();
  const told = entries.map(({ type, from, to, cause, classification, status }) =>
    [type, cause, classification ?? status, from && `${from}>${to}`].filter(Boolean).join(" "),
  );
  expect(told.slice().sort()).toEqual(
    [
      "merge",
      "status merge new>do_not_contact",
      "score merge cold>warm",
      "consent revoked",
      "status opt_out interested>do_not_contact",
      "reply stop",
      "score manual hot>warm",
      "status reply contacted>interested",
      "status sent new>contacted",
      "score reply cold>hot",
      "reply interested",
      // The campaign's message, and the one answer to ALTO.
      "sent delivered",
      "sent delivered",
    ].sort(),
  );
  const times = entries.map(({ at }) => Date.parse(at as string));
  expect(times).toEqual([...times].sort((a, b) => b - a));
  expect(entries.at(-1)).toMatchObject({ type: "sent", kind: "campaign", campaign_id: campaign });
  expect(entries.find(({ type }) => type === "merge")).toMatchObject({ merged: [lead.id] });
  expect(entries.find(({ cause }) => cause === "manual")).toMatchObject({ user_id: org.users.operator?.id });

  const paged: Entry[] = [];
  let cursor: string | null = "";
  do {
    const page: Awaited<ReturnType<typeof historyOf>> = await historyOf(
      keep.id,
      `?limit=5${cursor && `&cursor=${cursor}`}`,
    );
    paged.push(...page.entries);
    cursor = page.next_cursor;
  } while (cursor);
  expect(paged).toEqual(entries);
  expect((await historyOf(keep.id, "?type=reply&type=merge")).entries.map(({ type }) => type)).toEqual([
    "merge",
    "reply",
    "reply",
  ]);

  const changes = await waitFor(() => {
    const events = heard
      .filter(({ payload }) => payload.table === "lead_events")
      .flatMap(({ payload }) => payload.records);
    return events.length >= 6 ? events : undefined;
  });
  expect(changes).toContainEqual(
    expect.objectContaining({
      kind: "status",
      old_value: "contacted",
      new_value: "interested",
      cause: "reply",
      message_id: expect.any(String),
    }),
  );
});

it("of a merged or unknown lead is not found, and of a wrong cursor or type is refused", async () => {
  const [keep, gone] = [await create({ primary_phone: phone() }), await create({ primary_phone: phone() })];
  await call("POST", "/merge", { keep_id: keep.id, merge_ids: [gone.id] });
  expect(await call("GET", `/${gone.id}/history`)).toMatchObject({
    status: 404,
    body: { error: { details: { merged_into: keep.id } } },
  });
  expect(fieldsOf(await call("GET", `/${keep.id}/history?cursor=x`))).toEqual(["cursor"]);
  expect((await call("GET", `/${keep.id}/history?type=weather`)).status).toBe(422);
});

it("receives one event for a change of many leads, not one for each", async () => {
  for (let i = 0; i < 51; i++) await create({ primary_phone: phone(), allow_duplicate_phone: true });
  const heard = await joinChannel(org.users.operator as never, `org:${org.id}`);
  const [row] = await org.sql`
    with changed as (
      update public.leads set status = 'not_interested' where org_id = ${org.id} and status = 'new' returning 1
    )
    select count(*)::int as n from changed`;
  const hint = await waitFor(() => heard.find(({ event }) => event === "leads_changed"));
  expect(hint.payload.leads).toBe(row?.n);
  expect(heard.filter(({ payload }) => payload.table === "lead_events")).toEqual([]);
});
