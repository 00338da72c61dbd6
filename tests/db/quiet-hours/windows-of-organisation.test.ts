// The organisation's own hours and its own rules, which replace the platform's day by day.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { CENTRAL, EASTERN, local, MOUNTAIN, PACIFIC, readWindow, WIDE } from "../../fixtures/read-window.ts";
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
      { time_zone: PACIFIC, quiet_starts: "17:00", quiet_ends: "09:00" },
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

  // The organisation's hours in the night in which its clock changes: they must be read strictly, and
  // nothing may raise (a plan that raises sends nothing, for days around that night).
  test.each([
    // Hours that end in the hour that is skipped, or begin there: 02:30 does not exist.
    ["quiet from 02:30 on, spring", "02:30", "12:00", "2026-03-08T06:29:00Z", "2026-03-08T06:30:00Z"],
    [
      "quiet from 03:00 to 02:30, spring: nothing is left of the night",
      "03:00",
      "02:30",
      "2026-03-08T05:00:00Z",
      null,
    ],
    ["quiet from 01:30 to 02:30, spring", "01:30", "02:30", "2026-03-08T07:00:00Z", null],
    // The hour that comes twice: 01:30 is at 05:30 and again at 06:30 universal time.
    [
      "quiet from 01:30 on, autumn: from the first",
      "01:30",
      "12:00",
      "2026-11-01T05:29:00Z",
      "2026-11-01T05:30:00Z",
    ],
    ["quiet from 01:30 on, autumn: the second is quiet", "01:30", "12:00", "2026-11-01T06:15:00Z", null],
    ["quiet until 01:30, autumn: until the second", "20:00", "01:30", "2026-11-01T06:29:00Z", null],
  ])("%s", async (_name, quiet_starts, quiet_ends, now, until) => {
    const own = await arrangeOrg(db, {
      numbers: 0,
      fields: { time_zone: EASTERN, quiet_starts, quiet_ends },
    });
    const day = (days: number) =>
      new Date(new Date(now).getTime() + days * 86_400_000).toISOString().slice(0, 10);
    const [row] = await db.sql`
      select upper(r) as until from unnest((
        select w.open_times from private.window_rules(${own.id}, 'America/New_York|NY', ${day(-2)}, ${day(2)}) w where w.rule = 'org')) r
      where r @> ${now}::timestamptz`;
    expect(row?.until ?? null).toEqual(until && new Date(until));
    const [number] =
      await db.sql`select private.number_open_until(${quiet_starts}, ${quiet_ends}, ${EASTERN}, ${now}) as until`;
    expect(number?.until).toEqual(until && new Date(until));
    // The days around it are computed too.
    expect((await windowAt(305, null, new Date(now), own.id)).is_open).toBe(false);
  });

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
  test("one that is wider is still limited by the federal hours", async () => {
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
  test("one that closes every day has no next opening", async () => {
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
  test("one with a later start leaves the present rule until then", async () => {
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
  test("of two dated rules the later one counts", async () => {
    const own = await withRules([
      { state: "GA", dow: 3, opens: "13:00", closes: "14:00" },
      { state: "GA", dow: 3, opens: "10:00", closes: "11:00", effective_from: "2026-06-01" },
    ]);
    expect((await windowAt(404, null, local("2026-06-10T10:00", EASTERN), own.id)).is_open).toBe(true);
    expect((await windowAt(404, null, local("2026-05-27T10:00", EASTERN), own.id)).is_open).toBe(false);
  });
  test("a change in the middle of a week is valid from its day on, by each place's own date", async () => {
    // From Wednesday 17 June on, Georgia and Hawaii open at 13.
    const own = await withRules(
      ["GA", "HI"].flatMap((state) =>
        [1, 2, 3, 4, 5].map((dow) => ({
          state,
          dow,
          opens: "13:00",
          closes: "20:00",
          effective_from: "2026-06-17",
        })),
      ),
    );
    const opens = async (areaCode: number, now: Date) =>
      (await windowAt(areaCode, null, now, own.id)).next_open_at;
    expect(await opens(404, local("2026-06-16T08:00", EASTERN))).toEqual(local("2026-06-16T09:00", EASTERN));
    expect(await opens(404, local("2026-06-16T20:00", EASTERN))).toEqual(local("2026-06-17T13:00", EASTERN));
    // It is Wednesday in Georgia, and still Tuesday in Hawaii.
    expect(await opens(808, local("2026-06-17T01:00", EASTERN))).toBeInstanceOf(Date);
    expect((await windowAt(808, null, local("2026-06-17T01:00", EASTERN), own.id)).is_open).toBe(true);
    expect(await opens(808, local("2026-06-16T20:00", "Pacific/Honolulu"))).toEqual(
      local("2026-06-17T13:00", "Pacific/Honolulu"),
    );
  });
  test("one that ends in the middle of a week gives way to the one before it", async () => {
    const own = await withRules(
      [1, 2, 3, 4, 5].flatMap((dow) => [
        { state: "TX", dow, opens: "10:00", closes: "18:00", effective_from: "2026-01-01" },
        {
          state: "TX",
          dow,
          opens: "12:00",
          closes: "13:00",
          effective_from: "2026-06-01",
          effective_to: "2026-06-11",
        },
      ]),
    );
    expect(await windowAt(214, null, local("2026-06-10T12:30", CENTRAL), own.id)).toMatchObject({
      is_open: true,
      valid_to: local("2026-06-10T13:00", CENTRAL),
    });
    expect(await windowAt(214, null, local("2026-06-10T13:00", CENTRAL), own.id)).toMatchObject({
      is_open: false,
      next_open_at: local("2026-06-11T10:00", CENTRAL),
    });
  });
  test("one of the default holds for states without rows, and leaves those with rows alone", async () => {
    const own = await withRules([{ state: "*", dow: 3, opens: "12:00", closes: "13:00" }]);
    const now = local("2026-06-10T11:00", EASTERN);
    expect(await windowAt(404, null, now, own.id)).toMatchObject({
      next_open_at: local("2026-06-10T12:00", EASTERN),
    });
    expect((await windowAt(305, null, now, own.id)).is_open).toBe(true);
  });
  test("one for the unknown place is used there", async () => {
    const own = await withRules([{ state: "??", dow: 3, opens: "12:00", closes: "18:00" }]);
    expect((await windowAt(800, null, local("2026-06-10T17:00", EASTERN), own.id)).is_open).toBe(false);
    expect((await windowAt(800, null, local("2026-06-11T17:00", EASTERN), own.id)).is_open).toBe(true);
  });
});

describe("messages in 24 hours", () => {
  const WEDNESDAY = local("2026-06-10T12:00", CENTRAL);
  const limitOf = async (areaCode: number, state: string | null = null, orgId = org.id, now = WEDNESDAY) =>
    (await windowAt(areaCode, state, now, orgId)).max_per_24h;
  test.each([
    ["FL", 305, null, 3, "Fla. Stat. 501.616(6): 3 in 24 hours"],
    ["MD", 301, null, 3, "table, MD: 3 in 24 hours"],
    ["OK", 405, null, 3, "Okla. Stat. tit. 15, 775C.4: 3 in 24 hours"],
    ["TX", 214, null, null, "none known"],
    ["TX with an address in OK", 214, "OK", 3, "the lowest of all states binds"],
    ["FL with an address in CA", 305, "CA", 3, "the lowest of all states binds"],
    ["a toll-free number with an address in MD", 800, "MD", 3, "table, MD: 3 in 24 hours"],
    ["nobody knows where", 800, null, null, "none known"],
  ] as [string, number, string | null, number | null, string][])(
    "%s",
    async (_name, areaCode, state, limit) => {
      expect(await limitOf(areaCode, state)).toBe(limit);
    },
  );
  test.each([
    ["a lower one of the organisation binds", { state: "TX", max_per_24h: 1 }, 214, "OK", 1],
    ["one of the default binds where a state has no rows", { state: "*", max_per_24h: 2 }, 404, null, 2],
    ["one of the default leaves states with rows alone", { state: "*", max_per_24h: 2 }, 214, null, null],
    ["one of the federal rule binds everywhere", { state: "US", max_per_24h: 2 }, 214, null, 2],
    ["one of the federal rule is held to a state's", { state: "US", max_per_24h: 9 }, 305, null, 3],
    ["one of a place that nobody knows binds there", { state: "??", max_per_24h: 1 }, 800, null, 1],
    ["other hours without a limit leave the platform's", { state: "FL", max_per_24h: null }, 305, null, 3],
    [
      "a higher one of the organisation replaces the platform's",
      { state: "FL", max_per_24h: 5 },
      305,
      null,
      5,
    ],
  ] as [string, { state: string; max_per_24h: number | null }, number, string | null, number | null][])(
    "%s",
    async (_name, rule, areaCode, state, limit) => {
      const own = await withRules([{ dow: 3, opens: "09:00", closes: "20:00", ...rule }]);
      expect(await limitOf(areaCode, state, own.id)).toBe(limit);
    },
  );
  test("of two dated rules the later one's limit counts, and one for another weekday does not", async () => {
    const own = await withRules([
      { state: "GA", dow: 3, opens: "09:00", closes: "20:00", max_per_24h: 1 },
      { state: "GA", dow: 3, opens: "09:00", closes: "20:00", max_per_24h: 4, effective_from: "2026-06-01" },
      { state: "GA", dow: 4, opens: "09:00", closes: "20:00", max_per_24h: 2 },
    ]);
    const on = (day: string) => limitOf(404, null, own.id, local(`${day}T12:00`, EASTERN));
    expect([
      await on("2026-05-27"),
      await on("2026-06-10"),
      await on("2026-06-11"),
      await on("2026-06-12"),
    ]).toEqual([1, 4, 2, null]);
  });
});
