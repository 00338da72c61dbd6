// Services that are asked about parcels and phones: the questions, what is kept of the answers, and the effect of a hit.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.sql`delete from pgmq.q_enrichments`;
  await bench.sql`delete from private.call_lanes`;
  org = await arrangeOrg(bench.db);
});

const NOW = later(new Date(), 60);
const days = (n: number) => later(NOW, n * 86_400);
async function asAdmin(
  query: (sql: import("postgres").Sql) => PromiseLike<readonly unknown[]>,
  // biome-ignore lint/suspicious/noExplicitAny: answers of any function
): Promise<any> {
  const user = await signedIn(bench.db, org.adminId);
  try {
    return ((await query(user.sql)) as unknown as { answer: unknown }[])[0]?.answer;
  } finally {
    await user.end();
  }
}
const save = (input: Record<string, unknown>, id: string | null = null): Promise<string> =>
  asAdmin((sql) => sql`select public.save_enrichment_service(${sql.json(input as never)}, ${id}) as answer`);
const property = (more = {}) =>
  save({
    kind: "property",
    name: "Parcels",
    url: "https://parcels.example.com",
    request: { apn: "{apn}" },
    field_map: { acreage: "acres" },
    is_enabled: true,
    ...more,
  });
const scrub = (more = {}) =>
  save({
    kind: "scrub",
    name: "Scrub",
    url: "https://scrub.example.com",
    request: { phones: "{phones}" },
    field_map: { phone: "phone", dnc: "dnc" },
    is_enabled: true,
    ...more,
  });
const request = (id: string, leads: string[] | null, over: { overwrite?: boolean; dryRun?: boolean } = {}) =>
  asAdmin(
    (sql) =>
      sql`select public.request_enrichment(${id}, ${leads as never}::uuid[], ${over.overwrite ?? false}, ${over.dryRun ?? false}) as answer`,
  );
const wake = (now = NOW) =>
  bench.sql`select private.wake_call_lanes(null, ${now}) as n`.then(([row]) => row?.n);
// biome-ignore lint/suspicious/noExplicitAny: a batch as the worker has it
const claim = async (now = NOW): Promise<any> => {
  await wake(now);
  return (await bench.a.sql`select private.claim_enrichments(50, ${now}) as batch`)[0]?.batch;
};
// biome-ignore lint/suspicious/noExplicitAny: a batch as the worker has it
const settle = (batch: any, results: object[], now = NOW, exchanges: object[] = []) => {
  const { json } = bench.a.sql;
  return bench.a
    .sql`select private.record_enrichments(${json(batch)}, ${json(results as never)}, ${json(exchanges as never)}, ${now})`;
};
const addParcel = async (leadId: string, fields: Record<string, unknown> = {}): Promise<string> => {
  const row = { org_id: org.id, lead_id: leadId, apn: "R-1", state: "TX", county: "Harris", ...fields };
  return (await bench.sql`insert into public.lead_properties ${bench.sql(row)} returning id`)[0]?.id;
};
const parcel = async (id: string) =>
  (
    await bench.sql`select apn, county, state, situs, acreage::float, estimated_value::float from public.lead_properties where id = ${id}`
  )[0];
const calls = (id: string) =>
  bench.sql`select c.* from private.outside_calls c join private.call_lanes l on l.id = c.lane_id where l.service_id = ${id} order by c.subject`;
const leadIds = async (n: number) => (await arrangeLeads(bench.db, org.id, n)).map(({ id }) => id);

describe("a service", () => {
  test("is off when it is added, and its secret is kept in Vault and never returned", async () => {
    const id = await property({ is_enabled: undefined, secret: "Bearer s3cret-value" });
    const [row] =
      await bench.sql`select is_enabled, has_secret, secret_id from public.enrichment_services where id = ${id}`;
    expect(row).toMatchObject({ is_enabled: false, has_secret: true });
    const [vault] =
      await bench.sql`select decrypted_secret from vault.decrypted_secrets where id = ${row?.secret_id}`;
    expect(vault?.decrypted_secret).toBe("Bearer s3cret-value");
    const listed = await asAdmin((sql) => sql`select public.list_enrichment_services() as answer`);
    const trail =
      await bench.sql`select details from public.audit_events where org_id = ${org.id} and event_type like 'enrichment%'`;
    expect(JSON.stringify([listed, trail])).not.toContain("s3cret");
    expect(listed).toMatchObject([{ id, has_secret: true, state: "idle", queued: 0 }]);
    await expect(
      asAdmin((sql) => sql`select secret_id as answer from public.enrichment_services`),
    ).rejects.toMatchObject({ code: "42501" });
    await save({ secret: null }, id);
    expect(await bench.sql`select 1 from vault.secrets where id = ${row?.secret_id}`).toEqual([]);
  });

  test("that is removed leaves no secret, no calls and no lane", async () => {
    const id = await property({ secret: "x" });
    const [lead] = await leadIds(1);
    await addParcel(lead as string);
    await request(id, null);
    const before = await claim();
    await asAdmin((sql) => sql`select public.remove_enrichment_service(${id}) as answer`);
    expect(await bench.sql`select 1 from vault.secrets where name = ${`enrichment_service:${id}`}`).toEqual(
      [],
    );
    expect(await bench.sql`select 1 from private.call_lanes where service_id = ${id}`).toEqual([]);
    // The worker that had claimed a batch settles calls that no longer exist.
    await settle(before, [{ subject: before.calls[0].subject, outcome: "done", answer: { acreage: 5 } }]);
    expect(await bench.sql`select 1 from pgmq.q_enrichments`).toEqual([]);
    expect((await parcel(before.calls[0].subject))?.acreage).toBeNull();
  });

  test.each([
    ["http://parcels.example.com"],
    ["https://user:pass@parcels.example.com"],
    ["file:///etc/passwd"],
    ["https://a.example.com/#x"],
  ])("at %s is refused by the function, and by the table too", async (url) => {
    await expect(property({ url })).rejects.toMatchObject({ code: "PT422" });
    const id = await property();
    const move = bench.sql`update public.enrichment_services set url = ${url} where id = ${id}`;
    await expect(move).rejects.toMatchObject({ code: "23514" });
  });
});

describe("parcels", () => {
  test("are asked about on request if they lack acreage or value; answers fill blanks only", async () => {
    const id = await property();
    const [lead] = (await leadIds(1)) as [string];
    const blank = await addParcel(lead, { apn: "R-1", situs: "FM 1" });
    const known = await addParcel(lead, { apn: "R-2", acreage: 5, estimated_value: 100 });
    expect(await request(id, [lead], { dryRun: true })).toMatchObject({
      found: 1,
      queued: 0,
      daily_budget: 100,
      days: 1,
    });
    expect(await request(id, [lead])).toMatchObject({ found: 1, queued: 1 });
    expect(await request(id, [lead])).toMatchObject({ found: 1, queued: 0 });
    const batch = await claim();
    expect(batch).toMatchObject({
      service: { kind: "property", url: "https://parcels.example.com", secret: null, timeout_ms: 10_000 },
      parcels: { [blank]: { apn: "R-1", county: "Harris", state: "TX", situs: "FM 1", acreage: null } },
    });
    const answer = { acreage: 7.5, estimated_value: 50_000, situs: "FM 2", county: "Travis" };
    await settle(batch, [{ subject: blank, outcome: "done", answer }], NOW, [
      { subjects: [blank], status: 200, reason: null, answer: '{"acres":7.5}' },
    ]);
    expect(await parcel(blank)).toMatchObject({
      acreage: 7.5,
      estimated_value: 50_000,
      situs: "FM 1",
      county: "Harris",
    });
    expect(await parcel(known)).toMatchObject({ acreage: 5 });
    expect(await calls(id)).toEqual([]);
    const kept =
      await bench.sql`select subjects, http_status, answer from public.enrichment_answers where service_id = ${id}`;
    expect(kept).toEqual([{ subjects: [blank], http_status: 200, answer: '{"acres":7.5}' }]);
  });

  test("are overwritten if the request says so", async () => {
    const id = await property();
    const [lead] = (await leadIds(1)) as [string];
    const known = await addParcel(lead, { acreage: 5, estimated_value: 100 });
    expect(await request(id, [lead], { overwrite: true })).toMatchObject({ found: 1, queued: 1 });
    await settle(await claim(), [{ subject: known, outcome: "done", answer: { acreage: 6 } }]);
    expect(await parcel(known)).toMatchObject({ acreage: 6, estimated_value: 100 });
  });

  test("that are new are asked about automatically if the service is automatic and on", async () => {
    const id = await property({ is_automatic: true });
    const [lead] = (await leadIds(1)) as [string];
    const blank = await addParcel(lead);
    await addParcel(lead, { apn: "R-2", acreage: 1, estimated_value: 1 });
    expect((await calls(id)).map(({ subject }) => subject)).toEqual([blank]);
    await save({ is_enabled: false }, id);
    await addParcel(lead, { apn: "R-3" });
    expect(await calls(id)).toHaveLength(1);
    expect(await wake()).toBe(0);
  });

  test("are left as they are if the answer would make two parcels equal", async () => {
    const id = await property();
    const [lead] = (await leadIds(1)) as [string];
    await addParcel(lead, { apn: "R-1", county: "Harris", acreage: 1, estimated_value: 1 });
    const blank = await addParcel(lead, { apn: "R-1", county: null });
    await request(id, [lead]);
    await settle(await claim(), [
      { subject: blank, outcome: "done", answer: { county: "Harris", acreage: 2 } },
    ]);
    expect(await parcel(blank)).toMatchObject({ county: null, acreage: null });
    expect(await calls(id)).toMatchObject([
      { last_error: "With this answer, the parcel would be the same as another one of this lead." },
    ]);
  });

  test("are given up after five attempts with a visible reason, and asked about again on a new request", async () => {
    const id = await property();
    const [lead] = (await leadIds(1)) as [string];
    const blank = await addParcel(lead);
    await request(id, [lead]);
    for (let attempt = 1; attempt <= 5; attempt++) {
      const now = later(NOW, attempt * 7_200);
      await settle(
        await claim(now),
        [{ subject: blank, outcome: "retry", error: "Its answer is no JSON." }],
        now,
      );
    }
    expect(await calls(id)).toMatchObject([
      { attempts: 5, last_error: "Its answer is no JSON.", given_up_at: expect.any(Date) },
    ]);
    expect(await wake(days(30))).toBe(0);
    const [listed] = await asAdmin((sql) => sql`select public.list_enrichment_services() as answer`);
    expect(listed).toMatchObject({ queued: 0, given_up: 1, last_error: "Its answer is no JSON." });
    expect(await request(id, [lead])).toMatchObject({ queued: 1 });
    expect(await calls(id)).toMatchObject([{ attempts: 0, given_up_at: null }]);
  });

  test("that can't be asked about are given up at once without a failure of the service; an invalid answer counts as one", async () => {
    const id = await property();
    const [lead] = (await leadIds(1)) as [string];
    for (let i = 0; i < 25; i++) await addParcel(lead, { apn: `R-${i}` });
    await request(id, [lead]);
    const batch = await claim();
    const told = batch.calls.map(({ subject }: { subject: string }, i: number) =>
      i < 21
        ? { subject, outcome: "skipped", error: "no apn", is_charged: false }
        : { subject, outcome: "refused", error: "acreage is negative." },
    );
    await settle(batch, told);
    expect((await calls(id)).filter(({ given_up_at }) => given_up_at === null)).toEqual([]);
    const [lane] =
      await bench.sql`select failures, failing_since, charged from private.call_lanes where service_id = ${id}`;
    expect(lane).toEqual({ failures: 4, failing_since: null, charged: 4 });
  });

  test("of deleted leads are not sent to any service", async () => {
    const id = await property();
    const [one, two] = (await leadIds(2)) as [string, string];
    await addParcel(one);
    const kept = await addParcel(two);
    await request(id, null);
    await bench.sql`update public.leads set deleted_at = now() where id = ${one}`;
    const batch = await claim();
    expect([
      batch.calls.map(({ subject }: { subject: string }) => subject),
      Object.keys(batch.parcels),
    ]).toEqual([[kept], [kept]]);
  });
});

test("a service that fails 20 times in a row is failing, with an alert that names it, until one call succeeds or its settings are changed", async () => {
  const id = await property();
  const [lead] = (await leadIds(1)) as [string];
  for (let i = 0; i < 22; i++) await addParcel(lead, { apn: `R-${i}` });
  await request(id, [lead]);
  const batch = await claim();
  await settle(
    batch,
    batch.calls
      .slice(0, 20)
      .map(({ subject }: { subject: string }) => ({ subject, outcome: "retry", error: "HTTP 500." })),
  );
  const alerts = () =>
    bench.sql`select message from public.alerts where org_id = ${org.id} and kind = 'enrichment_failing' and resolved_at is null`;
  expect((await alerts()).map(({ message }) => message)).toEqual([
    'The service "Parcels" failed 20 times in a row: HTTP 500. It is tried again every ten minutes; nothing is lost meanwhile.',
  ]);
  expect(await wake(later(NOW, 599))).toBe(0);
  const probe = await claim(later(NOW, 700));
  expect(probe.calls).toHaveLength(1);
  await settle(
    probe,
    [
      {
        subject: probe.calls[0].subject,
        outcome: "blocked",
        error: "It does not accept our secret (HTTP 401).",
      },
    ],
    later(NOW, 700),
  );
  expect(await wake(later(NOW, 800))).toBe(0);
  await save({ secret: "new" }, id);
  expect(await alerts()).toEqual([]);
  expect((await claim(later(NOW, 801))).calls.length).toBeGreaterThan(1);
});

describe("phones", () => {
  const listed = (e164: string) =>
    bench.sql`select source, is_active, reason from public.opt_outs where org_id = ${org.id} and e164 = ${e164}`;
  const hit = async (answers: Record<string, string>, now = NOW) => {
    const batch = await claim(now);
    await settle(
      batch,
      batch.calls.map(({ subject }: { subject: string }) => ({
        subject,
        outcome: "done",
        answer: answers[subject] ?? "clean",
      })),
      now,
    );
  };

  test("on a list are suppressed in the whole organisation and taken out of campaigns, without a consent record", async () => {
    const id = await scrub();
    const [clean, dnc, litigator] = (await arrangeLeads(bench.db, org.id, 3)) as [
      ArrangedLead,
      ArrangedLead,
      ArrangedLead,
    ];
    const running = await arrangeCampaign(bench.db, org, {});
    await request(id, null);
    await hit({ [dnc.e164]: "dnc", [litigator.e164]: "litigator" });
    expect([await listed(clean.e164), await listed(dnc.e164), await listed(litigator.e164)]).toEqual([
      [],
      [{ source: "dnc", is_active: true, reason: "On a do-not-call list, according to Scrub." }],
      [{ source: "litigator", is_active: true, reason: "On a litigators' list, according to Scrub." }],
    ]);
    const waiting =
      await bench.sql`select e164, reason from public.campaign_targets where campaign_id = ${running} and state = 'canceled'`;
    expect(waiting).toHaveLength(2);
    const next = await arrangeCampaign(bench.db, org, {});
    const excluded =
      await bench.sql`select e164, reason from public.campaign_targets where campaign_id = ${next} and state = 'excluded' order by e164`;
    expect(excluded).toEqual(
      [dnc.e164, litigator.e164].sort().map((e164) => ({ e164, reason: "suppressed" })),
    );
    expect(await bench.sql`select 1 from public.consent_records where org_id = ${org.id}`).toEqual([]);
    const trail =
      await bench.sql`select phone_number from public.audit_events where org_id = ${org.id} and event_type = 'phone_scrubbed'`;
    expect(trail).toHaveLength(2);
  });

  test("stay suppressed after any later answer, and START does not undo it", async () => {
    const id = await scrub();
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await request(id, null);
    await hit({ [lead.e164]: "litigator" });
    // A new request by hand has nothing to ask: the phone was found on a list.
    expect(await request(id, null, { overwrite: true })).toMatchObject({ found: 0 });
    await bench.sql`select private.queue_calls(${id}, array[${lead.e164}], false, ${NOW})`;
    await hit({ [lead.e164]: "clean" }, later(NOW, 60));
    const [told] =
      await bench.sql`select result, hit, hit_at from public.phone_scrubs where e164 = ${lead.e164}`;
    expect(told).toEqual({ result: "clean", hit: "litigator", hit_at: NOW });
    const [undone] =
      await bench.sql`select private.unsuppress(${org.id}, ${lead.e164}, 'keyword', 'START') as undone`;
    expect(undone?.undone).toBe(false);
    const suppressed = () =>
      bench.sql`select suppressed_at from private.contacts where org_id = ${org.id} and e164 = ${lead.e164}`;
    expect((await suppressed())[0]?.suppressed_at).toEqual(NOW);
    expect(await listed(lead.e164)).toMatchObject([{ source: "litigator", is_active: true }]);
    await asAdmin((sql) => sql`select public.remove_enrichment_service(${id}) as answer`);
    await bench.sql`select private.unsuppress(${org.id}, ${lead.e164}, 'keyword', 'START')`;
    expect((await suppressed())[0]?.suppressed_at).toEqual(NOW);
  });

  test("that only opted out are written to again after START, as before", async () => {
    await bench.sql`select private.suppress(${org.id}, '+12145550188', 'keyword', 'STOP')`;
    const [undone] =
      await bench.sql`select private.unsuppress(${org.id}, '+12145550188', 'keyword', 'START') as undone`;
    expect(undone?.undone).toBe(true);
    expect(await listed("+12145550188")).toMatchObject([{ is_active: false }]);
  });

  test("that were checked 30 days ago are checked again automatically, before the 31 days of the rule are over", async () => {
    const id = await scrub();
    const [one, found, gone] = (await arrangeLeads(bench.db, org.id, 3)) as [
      ArrangedLead,
      ArrangedLead,
      ArrangedLead,
    ];
    await request(id, null);
    await hit({ [found.e164]: "dnc" });
    await bench.sql`update public.leads set deleted_at = now() where id = ${gone.id}`;
    const again = async (now: Date) =>
      (await bench.sql`select private.queue_stale_scrubs(${now}) as n`)[0]?.n;
    expect([await again(days(29)), await request(id, null)]).toMatchObject([0, { found: 0 }]);
    expect([await again(days(30)), await again(days(30))]).toEqual([1, 0]);
    expect((await calls(id)).map(({ subject }) => subject)).toEqual([one.e164]);
    await hit({}, days(30));
    expect(await again(days(59))).toBe(0);
  });

  test("that are new are asked about automatically if the service is automatic", async () => {
    const id = await scrub({ is_automatic: true });
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    expect((await calls(id)).map(({ subject }) => subject)).toEqual([lead.e164]);
    expect(await calls(await scrub({ name: "By hand" }))).toEqual([]);
  });
});

test("answers are kept for 90 days", async () => {
  const id = await scrub();
  const put = (received: Date) => bench.sql`
    insert into public.enrichment_answers (org_id, service_id, subjects, answer, received_at) values (${org.id}, ${id}, '{x}', 'x', ${received})`;
  await put(days(-91));
  await put(days(-89));
  await bench.sql`select private.prune_enrichment(${NOW})`;
  expect(await bench.sql`select received_at from public.enrichment_answers where service_id = ${id}`).toEqual(
    [{ received_at: days(-89) }],
  );
});
