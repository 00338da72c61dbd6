// A campaign's life over HTTP: built, started, scheduled, paused, resumed, stopped; allowed transitions, and its figures.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { callApi, waitForStatus } from "../fixtures/run-campaign.ts";
import { passRounds } from "../fixtures/run-task.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 2, roles: ["viewer"] });
  await addLeads(org, 12);
  await org.sql`update public.lead_phones set line_type = 'landline' where id in (select id from public.lead_phones where org_id = ${org.id} limit 2)`;
  await org.sql`update public.orgs set cooldown_days = 0 where id = ${org.id}`;
});
afterAll(() => org.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/campaigns${path}`, body);
/** Slow enough that it is still running when the test looks. */
const SLOW = { mps: 0.05, quiet_hours_override: true };
async function make(input: Record<string, unknown> = {}): Promise<string> {
  const { id } = await callApi<{ id: string }>(org, "POST", "/campaigns", {
    name: "Control",
    template_ids: [org.templates.initial],
    ...SLOW,
    ...input,
  });
  return id;
}
async function build(input: Record<string, unknown> = {}): Promise<string> {
  const id = await make(input);
  expect((await call("POST", `/${id}/build-targets`, {})).body.data).toEqual({
    status: "building",
    counts: null,
  });
  await waitForStatus(org, id, "ready");
  return id;
}
const put = (id: string, status: string) =>
  org.sql`
    update public.campaigns set status = ${status}, scheduled_at = '2031-01-01',
      finished_at = case when ${["completed", "stopped"].includes(status)} then now() end where id = ${id}`;

describe("building", () => {
  it("counts by reason without writing, and then builds just that", async () => {
    const id = await make();
    const { body } = await call("POST", `/${id}/build-targets`, { dry_run: true });
    expect(body.data).toEqual({
      status: "draft",
      counts: { audience: 12, targets: 10, not_looked_up: 10, excluded: 2, reasons: { landline: 2 } },
    });
    await call("POST", `/${id}/build-targets`, {});
    await waitForStatus(org, id, "ready");
    const stats = (await call("GET", `/${id}/stats`)).body.data;
    expect(stats).toMatchObject({
      status: "ready",
      delivery_rate: null,
      reasons: { excluded: { landline: 2 }, canceled: {}, failed: {} },
      figures: { audience: 12, excluded: 2, waiting: 10, sent: 0, needs_attention: 0 },
    });
    // Counting again what is built is no question any more; building again is.
    expect((await call("POST", `/${id}/build-targets`, { dry_run: true })).status).toBe(409);
    await call("POST", `/${id}/build-targets`, {});
    await waitForStatus(org, id, "ready");
    expect((await call("GET", `/${id}/stats`)).body.data.figures.audience).toBe(12);
  });

  it("refuses what is not yes or no, naming it", async () => {
    const id = await make();
    const answer = await call("POST", `/${id}/build-targets`, { dry_run: "maybe" });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["dry_run"]]);
  });
});

describe("moves", () => {
  const STATES = ["draft", "building", "ready", "scheduled", "running", "paused", "completed", "stopped"];
  const ALLOWED: Record<string, string[]> = {
    "build-targets": ["draft", "ready"],
    start: ["ready", "scheduled"],
    pause: ["running"],
    resume: ["paused"],
    stop: ["building", "ready", "scheduled", "running", "paused"],
  };
  let id: string;
  beforeAll(async () => {
    // Without targets nothing of it is ever sent, and ticks change it only where these tests make something due.
    id = await make({ target_criteria: { tags: ["NOBODY"] } });
  });

  it.each(
    Object.entries(ALLOWED).flatMap(([verb, from]) =>
      STATES.filter((state) => !from.includes(state)).map((state) => [verb, state]),
    ),
  )("%s is refused while %s, and changes nothing", async (verb, state) => {
    // The next tick would complete a running campaign without targets, so the check is within one transaction.
    await put(id, state as string);
    const answer = await call("POST", `/${id}/${verb}`, verb === "build-targets" ? {} : undefined);
    const now = (await org.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status;
    if (state === "running" && now === "completed") {
      expect([409]).toContain(answer.status);
      return;
    }
    expect([answer.status, answer.body.error.code]).toEqual([409, "invalid_state"]);
    expect(answer.body.error.details).toMatchObject({ status: state, allowed: ALLOWED[verb as string] });
    expect(now).toBe(state);
  });

  it.each([
    ["draft", "Build its audience first (build-targets)."],
    ["building", "Try again when its audience is built."],
    ["stopped", "It has ended: create another one."],
  ])("starting one that is %s says what to do", async (state, remedy) => {
    await put(id, state);
    expect((await call("POST", `/${id}/start`)).body.error.message).toBe(
      `A campaign that is ${state} cannot be started; it must be ready or scheduled. ${remedy}`,
    );
  });

  it("starting names what is missing: targets, texts, numbers, Twilio", async () => {
    const refusal = async (campaign: string) => {
      const answer = await call("POST", `/${campaign}/start`);
      return [answer.status, answer.body.error.code];
    };
    await put(id, "ready");
    expect(await refusal(id)).toEqual([409, "no_targets"]);
    const ready = await build();
    await org.sql`update public.templates set is_active = false where id = ${org.templates.initial}`;
    expect(await refusal(ready)).toEqual([409, "no_templates"]);
    await org.sql`update public.templates set is_active = true where id = ${org.templates.initial}`;
    await org.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    expect(await refusal(ready)).toEqual([409, "no_phone_numbers"]);
    await org.sql`update public.phone_numbers set status = 'active' where org_id = ${org.id}`;
    const [account] = await org.sql`delete from public.twilio_accounts where org_id = ${org.id} returning *`;
    expect(await refusal(ready)).toEqual([409, "twilio_not_configured"]);
    await org.sql`insert into public.twilio_accounts ${org.sql(account as never)}`;
    expect((await call("GET", `/${ready}`)).body.data.status).toBe("ready");
  });
});

describe("running", () => {
  let id: string;
  beforeEach(async () => {
    id = await build();
  });
  const figures = async () => (await call("GET", `/${id}/stats`)).body.data.figures;

  it("starts, pauses, resumes and stops, each told in the answer and the trail", async () => {
    const verbs = ["start", "pause", "resume", "stop"];
    const answers = [];
    for (const verb of verbs) answers.push((await call("POST", `/${id}/${verb}`)).body.data);
    expect(answers.map((answer) => answer.status)).toEqual(["running", "paused", "running", "stopped"]);
    expect(answers[0].started_at).not.toBeNull();
    expect(answers[1].paused_at).not.toBeNull();
    expect(answers[2].paused_at).toBeNull();
    expect(answers[3].finished_at).not.toBeNull();
    const trail = await org.sql`
      select event_type from public.audit_events where campaign_id = ${id} and event_type ~ 'started|paused|resumed|stopped' order by created_at, id`;
    expect(trail.map((row) => row.event_type)).toEqual(
      verbs.map((verb) => `campaign_${verb}${{ start: "ed", pause: "d", resume: "d", stop: "ped" }[verb]}`),
    );
    const end = await figures();
    expect(end.audience).toBe(12);
    expect(end.excluded + end.canceled + end.sending + end.unknown + end.sent + end.failed).toBe(12);
    expect((await call("GET", `/${id}/stats`)).body.data.reasons.canceled.stopped).toBe(end.canceled);
  });

  it("a paused one sends nothing, whatever ticks run", async () => {
    await call("POST", `/${id}/start`);
    await waitFor(async () => (await figures()).sent > 0);
    await call("POST", `/${id}/pause`);
    const before = await figures();
    expect(before.queued).toBe(0);
    await passRounds(org);
    expect(await figures()).toMatchObject({ waiting: before.waiting, queued: 0 });
    await call("POST", `/${id}/stop`);
  });

  it("lists its targets in sending order, by page, cursor, state and reason", async () => {
    const list = async (query: string) => (await call("GET", `/${id}/targets${query}`)).body;
    const all = await list("?limit=50");
    expect(all.pagination.total).toBe(12);
    const phones = all.data.map((target: { e164: string }) => target.e164);
    const first = await list("?limit=5");
    expect(first.data.map((target: { e164: string }) => target.e164)).toEqual(phones.slice(0, 5));
    const next = await list(`?limit=5&cursor=${first.pagination.next_cursor}`);
    expect(next.data.map((target: { e164: string }) => target.e164)).toEqual(phones.slice(5, 10));
    expect((await list("?limit=5&page=3")).data).toHaveLength(2);
    expect((await list("?state=excluded")).data.map((target: { reason: string }) => target.reason)).toEqual([
      "landline",
      "landline",
    ]);
    expect((await list("?state=excluded&state=waiting")).pagination.total).toBe(12);
    expect((await list("?reason=landline")).pagination.total).toBe(2);
    expect((await list("?needs_attention=true")).data).toEqual([]);
    for (const [query, field] of [
      ["?state=lost", "state"],
      ["?cursor=x", "cursor"],
      ["?needs_attention=perhaps", "needs_attention"],
    ]) {
      const answer = await call("GET", `/${id}/targets${query}`);
      expect(answer.status).toBe(422);
      expect(fieldsOf(answer)[0]).toContain(field);
    }
  });
});

describe("scheduled", () => {
  it("starts when its time has come, not before, by itself", async () => {
    const soon = new Date(Date.now() + 4000);
    const id = await build({ scheduled_at: soon.toISOString() });
    const [row] = await org.sql`select now() < ${soon} as ahead`;
    const answer = await call("POST", `/${id}/start`);
    // A busy machine may take longer to build than the time ahead: then starting starts.
    if (row?.ahead && answer.body.data.status === "scheduled") {
      expect(answer.body.data.started_at).toBeNull();
    }
    await waitForStatus(org, id, "running");
    const [started] =
      await org.sql`select started_at >= ${soon} - interval '1 millisecond' as on_time from public.campaigns where id = ${id}`;
    expect(started?.on_time).toBe(true);
    await call("POST", `/${id}/stop`);
  });

  it("waits for a time far ahead, can be moved, started by hand or stopped", async () => {
    const id = await build({ scheduled_at: "2031-01-01T15:00:00Z" });
    expect((await call("POST", `/${id}/start`)).body.data).toMatchObject({
      status: "scheduled",
      started_at: null,
    });
    expect(
      (await call("PATCH", `/${id}`, { scheduled_at: "2032-01-01T15:00:00Z" })).body.data.scheduled_at,
    ).toContain("2032");
    expect((await call("POST", `/${id}/start`)).body.data.status).toBe("running");
    await call("POST", `/${id}/stop`);
    const never = await build({ scheduled_at: "2031-01-01T15:00:00Z" });
    await call("POST", `/${never}/start`);
    expect((await call("POST", `/${never}/stop`)).body.data.status).toBe("stopped");
    expect((await call("GET", `/${never}/stats`)).body.data.figures).toMatchObject({
      canceled: 10,
      waiting: 0,
    });
  });
});
