// The cached answers, a number's own hours, and the window of a person.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeLeads, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { CENTRAL, EASTERN, local, readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
/** An organisation whose own hours never matter. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

const windowAt = (areaCode: number, state: string | null, now: Date, orgId = org.id, store = false) =>
  readWindow(db, orgId, { areaCode, state }, now, store);
const minuteBefore = (instant: Date) => new Date(instant.getTime() - 60_000);

describe("the cache of answers", () => {
  const now = local("2026-06-10T12:00", CENTRAL);
  const cached = (orgId: string) => db.sql`select * from private.windows where org_id = ${orgId}`;

  test("answers while an entry is valid, and neither before nor after", async () => {
    const own = await arrangeOrg(db, { numbers: 0, fields: WIDE });
    await windowAt(214, null, now, own.id, true);
    await db.sql`update private.windows set max_per_24h = 99 where org_id = ${own.id}`;
    const seen = async (at: Date) => (await windowAt(214, null, at, own.id)).max_per_24h;
    expect(await seen(now)).toBe(99);
    expect(await seen(local("2026-06-10T20:59:59", CENTRAL))).toBe(99);
    expect(await seen(local("2026-06-10T21:00", CENTRAL))).toBeNull();
    expect(await seen(minuteBefore(now))).toBeNull();
  });
  test("is not filled by callers who only ask", async () => {
    const own = await arrangeOrg(db, { numbers: 0, fields: WIDE });
    await windowAt(214, null, now, own.id, false);
    expect(await cached(own.id)).toEqual([]);
  });
  test("forgets at once when the organisation adds, changes or removes a rule, and others keep theirs", async () => {
    const [own, other] = [
      await arrangeOrg(db, { numbers: 0, fields: WIDE }),
      await arrangeOrg(db, { numbers: 0, fields: WIDE }),
    ];
    await windowAt(214, null, now, other.id, true);
    const fill = () => windowAt(214, null, now, own.id, true);
    expect((await fill()).is_open).toBe(true);
    await db.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
      values (${own.id}, 'TX', 3, '13:00', '14:00', 'counsel', '2024-01-01', '2026-01-01')`;
    expect((await fill()).is_open).toBe(false);
    await db.sql`update public.quiet_hour_rules set opens = '10:00' where org_id = ${own.id}`;
    expect((await fill()).is_open).toBe(true);
    await db.sql`update public.quiet_hour_rules set opens = null, closes = null where org_id = ${own.id}`;
    expect((await fill()).is_open).toBe(false);
    await db.sql`delete from public.quiet_hour_rules where org_id = ${own.id}`;
    expect((await fill()).is_open).toBe(true);
    expect(await cached(other.id)).toHaveLength(1);
  });
  /** Marks the cached answers of Texas with 99: an answer without it was computed again. */
  const spoil = (orgId: string) =>
    db.sql`update private.windows set max_per_24h = 99 where org_id = ${orgId}`;
  const isKept = async (orgId: string, at = now) => (await windowAt(214, null, at, orgId)).max_per_24h === 99;
  const openOrg = async () => {
    const own = await arrangeOrg(db, { numbers: 0, fields: WIDE });
    await windowAt(214, null, now, own.id, true);
    await spoil(own.id);
    expect(await isKept(own.id)).toBe(true);
    return own;
  };

  test("is invalid when the organisation's hours or zone change, and is then filled again", async () => {
    const own = await openOrg();
    for (const change of [{ quiet_starts: "10:00", quiet_ends: "11:00" }, { time_zone: "Pacific/Guam" }]) {
      await db.sql`update public.orgs set ${db.sql(change)} where id = ${own.id}`;
      expect(await isKept(own.id)).toBe(false);
      await windowAt(214, null, now, own.id, true);
      await spoil(own.id);
      expect(await isKept(own.id)).toBe(true);
    }
    await db.sql`update public.orgs set brand = 'Another' where id = ${own.id}`;
    expect(await isKept(own.id)).toBe(true);
  });
  test.each([
    [
      "a rule",
      "update public.quiet_hour_rules set reviewed_at = reviewed_at where org_id is null and state = 'TX' and dow = 3",
    ],
    ["a holiday", "update private.holidays set name = name where day = '2026-12-25'"],
  ])("counts no more anywhere when %s of the platform changes", async (_what, change) => {
    const [own, other] = [await openOrg(), await openOrg()];
    await db.sql.unsafe(change);
    expect([await isKept(own.id), await isKept(other.id)]).toEqual([false, false]);
  });
  test("stays valid when another organisation edits its rules or is removed", async () => {
    const [own, other] = [await openOrg(), await openOrg()];
    await db.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
      values (${other.id}, 'TX', 3, '13:00', '14:00', 'counsel', '2024-01-01', '2026-01-01')`;
    expect([await isKept(own.id), await isKept(other.id)]).toEqual([true, false]);
    await db.sql`delete from auth.users where id = ${other.adminId}`;
    await db.sql`delete from public.orgs where id = ${other.id}`;
    expect(await isKept(own.id)).toBe(true);
    expect(await db.sql`select 1 from private.rule_versions where scope = ${other.id}`).toEqual([]);
  });
  test("entries that a plan made from old rules and committed after a change are not used", async () => {
    const own = await arrangeOrg(db, { numbers: 0, fields: WIDE });
    const planner = await db.admin();
    await planner.begin();
    await planner.sql`select private.window_state(${own.id}, 'America/Chicago|TX', ${now}, true)`;
    await db.sql`
      insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
      values (${own.id}, 'TX', 3, '13:00', '14:00', 'counsel', '2024-01-01', '2026-01-01')`;
    await planner.commit();
    expect(await cached(own.id)).toMatchObject([{ is_open: true }]);
    expect((await windowAt(214, null, now, own.id)).is_open).toBe(false);
  });
});

describe("a number's own hours", () => {
  const until = async (starts: string, ends: string, zone: string, now: Date) =>
    (await db.sql`select private.number_open_until(${starts}, ${ends}, ${zone}, ${now}) as t`)[0]?.t;
  test.each([
    ["20:00", "08:00", CENTRAL, "2026-06-10T07:59", null],
    ["20:00", "08:00", CENTRAL, "2026-06-10T08:00", "2026-06-10T20:00"],
    ["20:00", "08:00", CENTRAL, "2026-06-10T19:59:59", "2026-06-10T20:00"],
    ["20:00", "08:00", CENTRAL, "2026-06-10T20:00", null],
    ["20:00", "08:00", CENTRAL, "2026-06-10T23:59", null],
    ["01:00", "05:00", CENTRAL, "2026-06-10T00:30", "2026-06-10T01:00"],
    ["01:00", "05:00", CENTRAL, "2026-06-10T01:00", null],
    ["01:00", "05:00", CENTRAL, "2026-06-10T05:00", "2026-06-11T01:00"],
    ["01:00", "05:00", CENTRAL, "2026-06-10T23:00", "2026-06-11T01:00"],
    ["00:00", "06:00", "Pacific/Honolulu", "2026-06-10T23:59", "2026-06-11T00:00"],
    // Over the nights in which the clocks change.
    ["20:00", "08:00", CENTRAL, "2026-03-08T08:00", "2026-03-08T20:00"],
    ["05:00", "06:00", CENTRAL, "2026-03-07T23:00", "2026-03-08T05:00"],
    ["05:00", "06:00", CENTRAL, "2026-10-31T23:00", "2026-11-01T05:00"],
  ])("quiet %s to %s in %s at %s", async (starts, ends, zone, now, expected) => {
    expect(await until(starts, ends, zone, local(now, zone))).toEqual(
      expected === null ? null : local(expected, zone),
    );
  });
});

test("a person's window comes from their phone and the mailing address of their lead", async () => {
  const [here] = await arrangeLeads(db, org.id, 1);
  const [moved] = await arrangeLeads(db, org.id, 1, { state: "HI" });
  const now = local("2026-06-10T10:00", EASTERN);
  const of = async (e164?: string) =>
    (await db.sql`select (private.person_window(${org.id}, ${e164 ?? ""}, ${now})).is_open as open`)[0]?.open;
  expect([await of(here?.e164), await of(moved?.e164)]).toEqual([true, false]);
});
