// Settings: each change writes an event with the old and new value, made in any way; and the number of rows is limited.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  admin = await signedIn(bench.db, org.adminId);
});
beforeEach(() => bench.sql`delete from public.audit_events`);

const events = () =>
  bench.sql`select event_type, user_id, details from public.audit_events where org_id = ${org.id} order by created_at, id`;
const event = (event_type: string, details: object) => ({
  event_type,
  user_id: org.adminId,
  details: expect.objectContaining(details),
});

describe("an event", () => {
  test("has the old and new value of a setting, of both tables", async () => {
    await admin.sql`update public.orgs set brand = 'Tierra', mps = 2.5`;
    await admin.sql`update public.sending_limits set segment_price = 0.01`;
    expect(await events()).toEqual([
      event("settings_changed", {
        table: "orgs",
        id: org.id,
        old: { brand: expect.any(String), mps: null },
        new: { brand: "Tierra", mps: 2.5 },
      }),
      event("settings_changed", {
        table: "sending_limits",
        old: { segment_price: 0.0083 },
        new: { segment_price: 0.01 },
      }),
    ]);
  });

  test("is one for each table if a function changes both, and none if nothing changes", async () => {
    const change = (input: object) =>
      admin.sql`select public.update_organisation(${JSON.stringify(input)}::text::jsonb)`;
    await change({ brand: "Monte", failed_rate: 0.5 });
    await change({ brand: "Monte" });
    expect((await events()).map(({ details }) => details.new)).toEqual([
      { brand: "Monte" },
      { failed_rate: 0.5 },
    ]);
  });

  test("is written for caps and rules that are added, changed and removed", async () => {
    await admin.sql`insert into public.carrier_caps (org_id, carrier, daily_segments) values (${org.id}, 't-mobile', 5)`;
    await admin.sql`update public.carrier_caps set daily_segments = 6`;
    await admin.sql`delete from public.carrier_caps`;
    await admin.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, source, effective_from, reviewed_at) values (${org.id}, 'TX', 1, 'counsel', '2026-01-01', '2026-01-01')`;
    await admin.sql`update public.quiet_hour_rules set source = 'https://user:pass@law.example/tx?token=abc' where org_id = ${org.id}`;
    await admin.sql`delete from public.quiet_hour_rules where org_id = ${org.id}`;
    const told = await events();
    expect(told.slice(0, 3)).toEqual([
      event("carrier_cap_added", {
        table: "carrier_caps",
        new: expect.objectContaining({ carrier: "t-mobile", daily_segments: 5 }),
      }),
      event("carrier_cap_changed", { old: { daily_segments: 5 }, new: { daily_segments: 6 } }),
      event("carrier_cap_removed", {
        old: expect.objectContaining({ carrier: "t-mobile", daily_segments: 6 }),
      }),
    ]);
    expect(told.slice(3)).toEqual([
      event("quiet_hour_rule_added", { new: expect.objectContaining({ state: "TX", source: "counsel" }) }),
      event("quiet_hour_rule_changed", {
        old: { source: "counsel" },
        new: { source: "https://[redacted]@law.example/tx?[redacted]" },
      }),
      event("quiet_hour_rule_removed", { old: expect.objectContaining({ state: "TX" }) }),
    ]);
  });

  test("keeps no secret", async () => {
    const [row] = await bench.sql`select private.without_secrets(${bench.sql.json({
      auth_token: "a",
      api_key: { deep: 1 },
      secret_header: "X-Key",
      empty_secret: null,
      list: [{ password: "b" }, "http://u:p@h/x", "no address, a@b.c", "see https://h/?k=1 and https://h/#f"],
    })}) as value`;
    expect(row?.value).toEqual({
      auth_token: "[redacted]",
      api_key: "[redacted]",
      secret_header: "[redacted]",
      empty_secret: null,
      list: [
        { password: "[redacted]" },
        "http://[redacted]@h/x",
        "no address, a@b.c",
        "see https://h/?[redacted] and https://h/?[redacted]",
      ],
    });
  });

  test("is not written for the platform's own rules, nor for rows deleted with their organisation", async () => {
    await bench.sql`update public.quiet_hour_rules set reviewed_at = '2026-06-01' where org_id is null`;
    const gone = await arrangeOrg(bench.db, { numbers: 0 });
    await bench.sql`insert into public.carrier_caps (org_id, carrier, daily_segments) values (${gone.id}, 'verizon', 5)`;
    await bench.sql`delete from auth.users where id = ${gone.adminId}`;
    await bench.sql`delete from public.orgs where id = ${gone.id}`;
    expect(await bench.sql`select from public.audit_events`).toHaveLength(0);
  });
});

describe("rows of an organisation are", () => {
  const fill = (count: number, from = 0) => `
    insert into public.carrier_caps (org_id, carrier, daily_segments) select '${org.id}', 'carrier ' || n, 1 from generate_series(${from + 1}, ${from + count}) n`;

  test("20 carrier caps at most, in one statement or many", async () => {
    await expect(admin.sql.unsafe(fill(21))).rejects.toMatchObject({ code: "PT409" });
    await admin.sql.unsafe(fill(20));
    await expect(admin.sql.unsafe(fill(1, 20))).rejects.toMatchObject({
      code: "PT409",
      message: expect.stringContaining("20 rows"),
    });
    await admin.sql`delete from public.carrier_caps`;
  });

  test("no more if two add at once", async () => {
    await admin.sql.unsafe(fill(19));
    const other = await signedIn(bench.db, org.adminId);
    await admin.begin();
    await admin.sql.unsafe(fill(1, 19));
    const second = other.sql.unsafe(fill(1, 20)).then(
      () => undefined,
      (error) => error.code,
    );
    await other.blocked(admin);
    await admin.commit();
    expect(await second).toBe("PT409");
    await admin.sql`delete from public.carrier_caps`;
  });

  test("500 rules at most, and a plan reads them in time", async () => {
    await admin.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
      select ${org.id}, '*', n % 7, '09:00', '20:00', 'counsel', date '2020-01-01' + n, '2026-01-01' from generate_series(1, 500) n`;
    await expect(admin.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, source, effective_from, reviewed_at) values (${org.id}, 'TX', 1, 'counsel', '2026-01-01', '2026-01-01')`).rejects.toMatchObject(
      { code: "PT409" },
    );
    const [explained] = await bench.sql`
      explain (analyze, format json) select private.window_state(${org.id}, 'America/Chicago|TX', '2026-06-10T20:00:00Z')`;
    expect(explained?.["QUERY PLAN"][0]["Execution Time"]).toBeLessThan(200);
  });
});
