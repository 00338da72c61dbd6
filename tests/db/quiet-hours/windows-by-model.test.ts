// Thousands of random people, organisations and times: the database's window equals that of a slow model, which reads
// the same rule rows and walks the calendar minute by minute. Seed printed; repeat with SEED=… npx vitest run …
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { type SeededRandom, seededRandom } from "../../fixtures/seeded-random.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";
import { WindowModel } from "../../fixtures/window-model.ts";

const CASES = 2_400;
const ORGS = 12;
const DAY = 86_400_000;

let db: BareDatabase;
beforeAll(async () => {
  db = await startBareDatabase();
});
afterAll(() => db.close());

/** On the half hour, and not in the hours of night in which clocks change: windows-of-organisation.test.ts looks at those. */
const timeOfDay = (random: SeededRandom, from = 8, to = 48) => {
  const halves = from + random.below(to - from);
  return `${String(Math.floor(halves / 2)).padStart(2, "0")}:${halves % 2 ? "30" : "00"}`;
};

/** Organisations with their own hours in their own zones, and with dated rules of their own; the first one has the usual hours. */
async function addOrgs(random: SeededRandom, states: string[]): Promise<string[]> {
  const orgs = [(await arrangeOrg(db, { numbers: 0 })).id];
  for (let i = 1; i < ORGS; i++) {
    const [quiet_starts, quiet_ends] = [timeOfDay(random, 30, 48), timeOfDay(random, 8, 24)];
    const isOverMidnight = random.below(4) === 0;
    const time_zone = random.pick(["America/Chicago", "America/Los_Angeles", "Pacific/Guam", "UTC"]);
    const { id } = await arrangeOrg(db, {
      numbers: 0,
      fields: {
        time_zone,
        ...(isOverMidnight
          ? { quiet_starts: quiet_ends, quiet_ends: quiet_starts }
          : { quiet_starts, quiet_ends }),
      },
    });
    orgs.push(id);
    const rows = new Map<string, Record<string, unknown>>();
    for (let n = random.below(60); n > 0; n--) {
      const state = random.pick(["*", "US", "??", "TX", "FL", "GA", "AL", ...states]);
      const [dow, effective_from] = [
        random.below(7),
        random.pick(["2026-01-01", "2026-05-06", "2027-02-11"]),
      ];
      const isClosed = random.below(6) === 0;
      const hours = isClosed ? [null, null] : [timeOfDay(random, 10, 24), timeOfDay(random, 26, 48)];
      rows.set(`${state} ${dow} ${effective_from}`, {
        org_id: id,
        state,
        dow,
        opens: hours[0],
        closes: hours[1],
        effective_from,
        closed_on_holidays: random.below(3) === 0,
        closed_on_state_holidays: random.below(3) === 0,
        source: "counsel",
        reviewed_at: "2026-01-01",
        effective_to: random.below(3) === 0 ? "2027-07-14" : null,
      });
    }
    if (rows.size > 0) await db.sql`insert into public.quiet_hour_rules ${db.sql([...rows.values()])}`;
  }
  return orgs;
}

test("random windows equal those found minute by minute", async () => {
  const random = seededRandom("windows");
  const places = await db.sql`select area_code, state from private.area_codes`;
  const states = [...new Set(places.map(({ state }) => state as string))];
  const orgs = await addOrgs(random, states);
  const holidays = (await db.sql`select day::text from private.holidays where day < '2029-01-01'`).map(
    ({ day }) => Date.parse(day),
  );
  const changes = ["2026-03-08", "2026-11-01", "2027-03-14", "2027-11-07", "2028-02-29", "2027-01-01"].map(
    (day) => Date.parse(day),
  );
  const model = await WindowModel.read(db);

  const asked = Array.from({ length: CASES }, () => {
    const areaCode = random.below(12) === 0 ? "800" : (random.pick(places).area_code as string);
    const state = random.below(2) === 0 ? null : random.below(15) === 0 ? "AE" : random.pick(states);
    const near = [() => random.pick(holidays), () => random.pick(changes)][random.below(4)];
    const day = near ? near() - DAY : Date.parse("2026-01-02") + random.below(1_000) * DAY;
    return { org: random.pick(orgs), areaCode, state, now: new Date(day + random.below(3 * 86_400) * 1_000) };
  });
  const found = await db.sql`
    select w.is_open, w.next_open_at, w.valid_to
    from unnest(
      ${asked.map(({ org }) => org)}::uuid[], ${asked.map(({ areaCode }) => areaCode)}::text[],
      ${asked.map(({ state }) => state)}::text[], ${asked.map(({ now }) => now.toISOString())}::timestamptz[]
    ) with ordinality as a(org, area_code, state, now, n)
    cross join lateral private.window_state(a.org, private.window_key('+1' || a.area_code || '5550100', a.state), a.now) w
    order by a.n`;

  const differing = [];
  let open = 0;
  for (const [n, question] of asked.entries()) {
    const expected = model.answer(question.org, question.areaCode, question.state, question.now);
    const row = found[n] as { is_open: boolean; next_open_at: Date | null; valid_to: Date };
    const until = row.is_open ? row.valid_to : row.next_open_at;
    const isBeyond = until === null || until.getTime() >= question.now.getTime() + 9 * DAY;
    const answer = { isOpen: row.is_open, change: isBeyond ? null : until };
    if (JSON.stringify(answer) !== JSON.stringify(expected))
      differing.push({ ...question, answer, expected });
    if (row.is_open) open++;
  }
  expect(differing.slice(0, 5)).toEqual([]);
  // Both open and closed windows occur, whatever hours the random organisations have: some 200 questions are about the first one.
  expect(open).toBeGreaterThan(20);
  expect(open).toBeLessThan(CASES - 20);
});
