// The organisation's own hours and its own rules, which replace the platform's day by day.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { CENTRAL, EASTERN, local, MOUNTAIN, PACIFIC, readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
/** Its hours never decide. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

const windowAt = (areaCode: number, state: string | null, now: Date, orgId = org.id, store = false) =>
  readWindow(db, orgId, { areaCode, state }, now, store);

describe("the organisation's own hours", () => {
  test.each([
    [
      "a new one's, 8 to 20 Central: Florida at 8:30 is too early",
      {},
      305,
      local("2026-06-10T08:30", EASTERN),
      false,
      local("2026-06-10T09:00", EASTERN),
    ],
    [
      "a new one's, 8 to 20 Central: Hawaii ends at 15:00",
      {},
      808,
      local("2026-06-10T15:00", "Pacific/Honolulu"),
      false,
      local("2026-06-11T09:00", "Pacific/Honolulu"),
    ],
    [
      "in a zone of its own",
      { time_zone: PACIFIC, ...{ quiet_starts: "17:00", quiet_ends: "09:00" } },
      305,
      local("2026-06-10T11:59", EASTERN),
      false,
      local("2026-06-10T12:00", EASTERN),
    ],
    [
      "open over midnight: before it",
      { quiet_starts: "01:00", quiet_ends: "18:00" },
      808,
      local("2026-06-10T18:30", "Pacific/Honolulu"),
      true,
      null,
    ],
    [
      "open over midnight: after it",
      { quiet_starts: "01:00", quiet_ends: "18:00" },
      808,
      local("2026-06-10T19:30", "Pacific/Honolulu"),
      true,
      null,
    ],
    [
      "open over midnight: shut at one",
      { quiet_starts: "01:00", quiet_ends: "18:00" },
      808,
      local("2026-06-10T20:00", "Pacific/Honolulu"),
      false,
      local("2026-06-11T13:00", "Pacific/Honolulu"),
    ],
    [
      "a rest at noon: shut",
      { quiet_starts: "12:00", quiet_ends: "14:00" },
      214,
      local("2026-06-10T12:00", CENTRAL),
      false,
      local("2026-06-10T14:00", CENTRAL),
    ],
    [
      "a rest at noon: open until then",
      { quiet_starts: "12:00", quiet_ends: "14:00" },
      214,
      local("2026-06-10T11:00", CENTRAL),
      true,
      null,
    ],
    [
      "quiet from midnight on",
      { quiet_starts: "00:00", quiet_ends: "10:00" },
      214,
      local("2026-06-10T09:30", CENTRAL),
      false,
      local("2026-06-10T10:00", CENTRAL),
    ],
    [
      "quiet until midnight",
      { quiet_starts: "18:00", quiet_ends: "00:00" },
      214,
      local("2026-06-10T18:00", CENTRAL),
      false,
      local("2026-06-11T09:00", CENTRAL),
    ],
  ] as [string, Record<string, string>, number, Date, boolean, Date | null][])(
    "%s",
    async (_name, fields, areaCode, now, open, next) => {
      const own = await arrangeOrg(db, { numbers: 0, fields });
      const found = await windowAt(areaCode, null, now, own.id);
      expect(found.is_open).toBe(open);
      expect(found.next_open_at).toEqual(open ? now : next);
    },
  );

  test("a window that is open ends when the organisation's rest begins", async () => {
    const own = await arrangeOrg(db, { numbers: 0, fields: { quiet_starts: "12:00", quiet_ends: "14:00" } });
    const found = await windowAt(214, null, local("2026-06-10T11:00", CENTRAL), own.id);
    expect(found.valid_to).toEqual(local("2026-06-10T12:00", CENTRAL));
  });
});

interface Rule {
  state: string;
  dow: number;
  opens: string | null;
  closes: string | null;
  effective_from?: string;
  effective_to?: string | null;
  max_per_24h?: number | null;
}
async function withRules(rules: Rule[]): Promise<ArrangedOrg> {
  const own = await arrangeOrg(db, { numbers: 0, fields: WIDE });
  for (const rule of rules) {
    const row = {
      effective_from: "2024-01-01",
      source: "counsel",
      reviewed_at: "2026-01-01",
      org_id: own.id,
      ...rule,
    };
    await db.sql`insert into public.quiet_hour_rules ${db.sql(row)}`;
  }
  return own;
}

describe("the organisation's own rules", () => {
  test("one replaces the platform's for its state and weekday, for that organisation only", async () => {
    const own = await withRules([{ state: "TX", dow: 3, opens: "10:00", closes: "11:00" }]);
    const wednesday = local("2026-06-10T11:00", CENTRAL);
    expect(await windowAt(214, null, wednesday, own.id)).toMatchObject({
      is_open: false,
      next_open_at: local("2026-06-11T09:00", CENTRAL),
    });
    expect((await windowAt(214, null, wednesday)).is_open).toBe(true);
    expect((await windowAt(312, null, wednesday, own.id)).is_open).toBe(true);
  });
  test("one that is wider is still held to the federal hours", async () => {
    const own = await withRules([{ state: "TX", dow: 3, opens: "06:00", closes: "22:00" }]);
    expect(await windowAt(214, null, local("2026-06-10T06:30", CENTRAL), own.id)).toMatchObject({
      is_open: false,
      next_open_at: local("2026-06-10T08:00", CENTRAL),
    });
    expect(await windowAt(214, null, local("2026-06-10T08:00", CENTRAL), own.id)).toMatchObject({
      is_open: true,
      valid_to: local("2026-06-10T21:00", CENTRAL),
    });
  });
  test("one for a weekday leaves a state without rules its default on the others", async () => {
    const own = await withRules([{ state: "WY", dow: 1, opens: "10:00", closes: "12:00" }]);
    expect(await windowAt(307, null, local("2026-06-15T12:00", MOUNTAIN), own.id)).toMatchObject({
      is_open: false,
      next_open_at: local("2026-06-16T09:00", MOUNTAIN),
    });
    expect((await windowAt(307, null, local("2026-06-10T19:59", MOUNTAIN), own.id)).is_open).toBe(true);
  });
  test("one that shuts every day says that it does not know when it opens", async () => {
    const own = await withRules(
      [0, 1, 2, 3, 4, 5, 6].map((dow) => ({ state: "TX", dow, opens: null, closes: null })),
    );
    const now = local("2026-06-10T12:00", CENTRAL);
    expect(await windowAt(214, null, now, own.id)).toMatchObject({
      is_open: false,
      next_open_at: null,
      valid_to: new Date(now.getTime() + 9 * 86_400_000),
    });
  });
  test("one that comes into force later leaves what holds now, and then acts", async () => {
    const own = await withRules([
      { state: "GA", dow: 3, opens: "13:00", closes: "14:00", effective_from: "2026-06-17" },
    ]);
    expect((await windowAt(404, null, local("2026-06-10T10:00", EASTERN), own.id)).is_open).toBe(true);
    expect(await windowAt(404, null, local("2026-06-17T10:00", EASTERN), own.id)).toMatchObject({
      is_open: false,
      next_open_at: local("2026-06-17T13:00", EASTERN),
    });
  });
  test("one that has ended leaves the default, from its last day on", async () => {
    const own = await withRules([
      { state: "GA", dow: 3, opens: "13:00", closes: "14:00", effective_to: "2026-06-10" },
    ]);
    expect((await windowAt(404, null, local("2026-06-03T10:00", EASTERN), own.id)).is_open).toBe(false);
    expect((await windowAt(404, null, local("2026-06-10T10:00", EASTERN), own.id)).is_open).toBe(true);
  });
  test("of two dated rules the younger holds", async () => {
    const own = await withRules([
      { state: "GA", dow: 3, opens: "13:00", closes: "14:00" },
      { state: "GA", dow: 3, opens: "10:00", closes: "11:00", effective_from: "2026-06-01" },
    ]);
    expect((await windowAt(404, null, local("2026-06-10T10:00", EASTERN), own.id)).is_open).toBe(true);
    expect((await windowAt(404, null, local("2026-05-27T10:00", EASTERN), own.id)).is_open).toBe(false);
  });
  test("messages in 24 hours: the lowest of all states binds, with the organisation's own", async () => {
    const now = local("2026-06-10T12:00", CENTRAL);
    expect((await windowAt(214, null, now)).max_per_24h).toBeNull();
    expect((await windowAt(305, null, now)).max_per_24h).toBe(3);
    expect((await windowAt(214, "OK", now)).max_per_24h).toBe(3);
    const own = await withRules([{ state: "TX", dow: 3, opens: "09:00", closes: "21:00", max_per_24h: 1 }]);
    expect((await windowAt(214, "OK", now, own.id)).max_per_24h).toBe(1);
  });
});
