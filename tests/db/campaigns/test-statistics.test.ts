// The statistics of A/B tests: each formula against a library or its definition, and thousands of simulated tests, judged by the
// functions that judge real ones.
import jStat from "jstat";
import { describe, expect, test } from "vitest";
import { arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { EVERY_CASE } from "../../fixtures/sample-cases.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

describe("formulas", () => {
  test("chi-square: the library's tail, for every number of variants", async () => {
    const cases = [1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 99].flatMap((freedom) =>
      [0, 0.001, 0.5, 1, 3.84, 10.83, 27.88, 60, 150].map((x) => ({ freedom, x })),
    );
    const rows = await bench.sql`
      select x.x, x.freedom, private.chi_square_p(x.x, x.freedom) as p
      from unnest(${cases.map(({ x }) => x)}::float8[], ${cases.map(({ freedom }) => freedom)}::int[]) as x(x, freedom)`;
    expect(rows).toHaveLength(cases.length);
    for (const { x, freedom, p } of rows)
      expect([x, freedom, p]).toEqual([x, freedom, expect.closeTo(1 - jStat.chisquare.cdf(x, freedom), 9)]);
  });

  test.each([
    ["1e308", 9, 0],
    ["'Infinity'", 1, 0],
    ["1400", 100, expect.closeTo(0, 100)],
    ["-1", 1, null],
    ["null", 1, null],
    ["5", 0, null],
    ["5", 101, null],
    ["5", null, null],
  ])("chi-square of %s with %s degrees of freedom is %s", async (x, freedom, p) => {
    const [row] = await bench.sql.unsafe(`select private.chi_square_p(${x}, $1) as p`, [freedom]);
    expect(row?.p).toEqual(p);
  });

  test("Wilson: both bounds are as far from what was seen as the library's 97.5 % of a normal distribution", async () => {
    const z = jStat.normal.inv(0.975, 0, 1);
    for (const [yes, n] of [
      [0, 1],
      [0, 200],
      [1, 1],
      [3, 10],
      [40, 1000],
      [2000, 2000],
      [5e8, 1e9],
    ] as const) {
      const [row] = await bench.sql`
        select private.wilson_low(${yes}, ${n}) as low, private.wilson_high(${yes}, ${n}) as high`;
      for (const p of [row?.low, row?.high]) {
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        // The definition: a true rate of p would make what was seen just so unlikely.
        if (p > 0 && p < 1) expect(Math.abs(yes / n - p) / Math.sqrt((p * (1 - p)) / n)).toBeCloseTo(z, 6);
      }
      expect(row?.low).toBeLessThanOrEqual(yes / n);
      expect(row?.high).toBeGreaterThanOrEqual(yes / n);
    }
  });

  test("a rate of nothing is null, never 0, and says whether it is enough", async () => {
    const rate = async (yes: number, n: number) =>
      (await bench.sql`select private.rate(${yes}, ${n}, true) as rate`)[0]?.rate;
    const none = { value: null, numerator: 0, denominator: 0, low: null, high: null, enough: false };
    expect(await rate(0, 0)).toEqual({ ...none, provisional: true });
    expect(await rate(5, 10)).toMatchObject({ value: 50, enough: true });
    expect(await rate(4, 1000)).toMatchObject({ value: 0.4, enough: false });
    expect(await rate(996, 1000)).toMatchObject({ enough: false });
  });

  test("the interval is the published one", async () => {
    // Written down again from the paper: two-sided asymptotic confidence sequence, per person of both arms.
    const half = (k1: number, n1: number, k2: number, n2: number, alpha: number, tuning: number) => {
      const [p1, p2, n] = [k1 / n1, k2 / n2, n1 + n2];
      const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tuning;
      const sigma2 = n * ((p1 * (1 - p1)) / n1 + (p2 * (1 - p2)) / n2);
      return (
        Math.sqrt(sigma2) *
        Math.sqrt(((2 * (n * rho2 + 1)) / (n * n * rho2)) * Math.log(Math.sqrt(n * rho2 + 1) / alpha))
      );
    };
    const cases: [number, number, number, number, number, number][] = [
      [30, 200, 45, 210, 0.05, 5000],
      [88, 2210, 133, 2210, 0.05, 5000],
      [1, 10, 2, 100_000, 0.001, 100],
    ];
    for (const [k1, n1, k2, n2, alpha, tuning] of cases) {
      const [row] = await bench.sql`
        select private.test_interval(${k1}, ${n1}, ${k2}, ${n2}, ${alpha}, ${tuning}) as half`;
      expect(row?.half).toBeCloseTo(half(k1, n1, k2, n2, alpha, tuning), 12);
    }
    const [none] = await bench.sql`select private.test_interval(0, 0, 1, 10, 0.05, 5000) as half`;
    expect(none?.half).toBeNull();
  });
});

interface Simulated {
  tests: number;
  looks: number;
  /** People who are new in each arm at each look. */
  people: number;
  rates: [number, number];
  /** The share of either arm that opts out. */
  optOuts?: number;
}
/** Simulates tests, and judges each at every look. @returns of how many tests something was ever so */
async function simulate({ tests, looks, people, rates, optOuts = 0 }: Simulated) {
  const { next: random } = seededRandom("simulated tests");
  const counts: [number[], number[]] = [[], []];
  const stops: [number[], number[]] = [[], []];
  const peeked = new Set<number>();
  for (let n = 0; n < tests; n++) {
    const yes: [number, number] = [0, 0];
    const out: [number, number] = [0, 0];
    for (let look = 1; look <= looks; look++) {
      for (const arm of [0, 1] as const) {
        for (let k = 0; k < people; k++) if (random() < rates[arm]) yes[arm]++;
        if (optOuts > 0) for (let k = 0; k < people; k++) if (random() < optOuts) out[arm]++;
        counts[arm].push(yes[arm]);
        stops[arm].push(out[arm]);
      }
      const all = look * people;
      const both = (yes[0] + yes[1]) / (2 * all);
      const z = (yes[1] - yes[0]) / all / Math.sqrt((2 * both * (1 - both)) / all);
      if (Math.abs(z) > jStat.normal.inv(0.975, 0, 1)) peeked.add(n);
    }
  }
  const [row] = await bench.sql`
    with judged as (
      select (x.n - 1) / ${looks} as test, j.winner, j.obstacles
      from unnest(${counts[0]}::int[], ${counts[1]}::int[], ${stops[0]}::int[], ${stops[1]}::int[])
        with ordinality as x(a, b, a_out, b_out, n)
      cross join lateral (select ((x.n - 1) % ${looks} + 1)::int * ${people}::int as people) p
      cross join lateral private.judge_test(array[(1, 1, p.people, x.a, x.a_out), (2, 1, p.people, x.b, x.b_out)]
        ::private.test_arm[], 0.05, 200, 5000) j
    )
    select count(*)::int as tests, count(*) filter (where won)::int as won, count(*) filter (where apart)::int as apart,
      count(*) filter (where won_1)::int as won_1, count(*) filter (where won_2)::int as won_2
    from (
      select test, bool_or(winner is not null) as won, bool_or(not 'too_close' = any (obstacles)) as apart,
        bool_or(coalesce(winner = 1, false)) as won_1, bool_or(coalesce(winner = 2, false)) as won_2
      from judged group by test
    ) t`;
  return { ...(row as { tests: number; won: number; apart: number; won_1: number; won_2: number }), peeked };
}

/** How many tests are simulated. The bounds below are six standard deviations or more from what is expected of so few. */
const MANY = EVERY_CASE ? 2000 : 400;

describe("simulated tests", () => {
  test.each([
    ["5 %", 0.05],
    ["2 %", 0.02],
  ])("pairs of equal texts that %s answer, 60 looks: at most 5 %% get a winner", async (_, rate) => {
    const found = await simulate({ tests: MANY, looks: 60, people: 100, rates: [rate, rate] });
    console.info(`crowned ${found.won}, intervals without 0 ${found.apart}, z-test ${found.peeked.size}`);
    expect(found.tests).toBe(MANY);
    expect(found.won / MANY).toBeLessThanOrEqual(EVERY_CASE ? 0.05 : 0.07);
    // The same tests, peeked at in the ordinary way. If these were few too, the simulation would show nothing.
    expect(found.peeked.size / MANY).toBeGreaterThan(0.19);
  });

  test.each([
    [4, 2, 0],
    [4, 2, 1],
  ])(
    "the size that is said before finds %d + %d points in four of five tests, with opt-outs of %d",
    async (baseline, difference, opt_out_rate) => {
      const org = await arrangeOrg(bench.db);
      const user = await signedIn(bench.db, org.adminId);
      const [row] = await user.sql`
      select private.test_size(${user.sql.json({ baseline, difference, opt_out_rate })}) as size`;
      await user.end();
      const size = row?.size;
      const people = Math.ceil(size.people_per_arm / 60);
      const rates: [number, number] = [baseline / 100, (baseline + difference) / 100];
      const found = await simulate({ tests: MANY, looks: 60, people, rates, optOuts: opt_out_rate / 100 });
      console.info(
        JSON.stringify(size),
        `found in ${found.won_2} of ${MANY}; the worse text in ${found.won_1}`,
      );
      expect(found.won_2 / MANY).toBeGreaterThan(EVERY_CASE ? 0.745 : 0.68);
      expect(found.won_1).toBeLessThan(8);
    },
  );

  test("alike arms, 60 looks: at most 2 % are called invalid, and one that lacks a tenth always is", async () => {
    const { next: random } = seededRandom("sample ratios");
    const looks: { test: number; a: number; b: number }[] = [];
    for (let n = 0; n < 1000; n++) {
      // As building divides: exactly, over the whole audience.
      const left: [number, number] = [3000, 3000];
      const sent: [number, number] = [0, 0];
      for (let k = 1; k <= 6000; k++) {
        const arm = random() < left[0] / (left[0] + left[1]) ? 0 : 1;
        left[arm]--;
        sent[arm]++;
        if (k % 100 === 0) looks.push({ test: n, a: sent[0], b: sent[1] });
      }
    }
    const [row] = await bench.sql`
      select count(distinct x.test) filter (where private.sample_ratio_p(array[(1, 1, x.a, 0, 0), (2, 1, x.b, 0, 0)]::private.test_arm[]) < 0.001)::int as alike,
        private.sample_ratio_p(array[(1, 1, 3000, 0, 0), (2, 1, 2700, 0, 0)]::private.test_arm[]) as lacking
      from unnest(${looks.map(({ test: n }) => n)}::int[], ${looks.map(({ a }) => a)}::int[], ${looks.map(({ b }) => b)}::int[]) as x(test, a, b)`;
    console.info(`${row?.alike} of 1000 alike tests were called invalid`);
    expect(row?.alike).toBeLessThanOrEqual(20);
    expect(row?.lacking).toBeLessThan(0.001);
  });

  test("half of the tests of 4 against 6 % are decided with some 2,210 people an arm", async () => {
    const found = await simulate({ tests: MANY, looks: 60, people: 37, rates: [0.04, 0.06] });
    console.info(`found in ${found.won} of ${MANY}`);
    expect(found.won / MANY).toBeGreaterThan(0.4);
    expect(found.won / MANY).toBeLessThan(0.7);
  });
});
