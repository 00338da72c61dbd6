// Settings that no plan can use are refused wherever an admin can write them: through functions and directly in the tables.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
let neighbour: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
  for (const one of [org, neighbour]) {
    await arrangeLeads(bench.db, one.id, 2);
    await arrangeCampaign(bench.db, one);
  }
  admin = await signedIn(bench.db, org.adminId);
});

/** Whether the call was refused as a mistake of the caller, not by another error. */
async function isRefused(statement: string): Promise<boolean> {
  try {
    await admin.sql.unsafe(statement);
    return false;
  } catch (error) {
    const { code } = error as { code: string };
    expect(code, `${statement}: ${error}`).toMatch(/^(23514|23502|22\w{3}|PT4\d\d)$/);
    return true;
  }
}

const NUMBERS = ["'NaN'", "'Infinity'", "'-Infinity'", "-1", "1e308", "2147483647", "99999"];
const LINES = ["''", "E'a\\nb'", "E'\\u0001'", "E'\\u00a0'", "repeat('x', 201)"];
const DAYS = ["'infinity'", "'-infinity'", "'5874897-12-31'", "'4713-01-01 BC'"];
const SETTINGS: [string, string, string[]][] = [
  ["orgs", "mps", NUMBERS],
  ["orgs", "daily_cap", ["-1", "2147483647", "1e308"]],
  ["orgs", "cooldown_days", ["-1", "32767", "1e308"]],
  ["orgs", "name", LINES],
  ["orgs", "brand", LINES],
  ["orgs", "support_contact", ["E'a\\nb'", "repeat('x', 101)"]],
  ["orgs", "time_zone", ["'X+167'", "'america/chicago'", "'UTC+5'", "''", "repeat('x', 100000)", "null"]],
  ["orgs", "quiet_starts", ["'24:00'", "'25:00'", "null"]],
  [
    "orgs",
    "warmup_caps",
    [
      "'{}'",
      "'{{1,2},{3,4}}'",
      "'[5:6]={1,2}'",
      "'{1,null}'",
      "'{0}'",
      "'{2147483647}'",
      "array_fill(1, array[61])",
    ],
  ],
  ["orgs", "lookup_price", NUMBERS],
  ["orgs", "health_quarantine_below", ["-1", "101"]],
  ["sending_limits", "segment_price", NUMBERS],
  ["sending_limits", "carrier_fee", NUMBERS],
  ["sending_limits", "mms_price", NUMBERS],
  ["sending_limits", "daily_spending_limit", ["'NaN'", "-1", "10000000", "1e308"]],
  ["sending_limits", "min_balance", ["'NaN'", "-1", "10000000"]],
  ["sending_limits", "failed_rate", NUMBERS],
  ["sending_limits", "failed_volume", ["0", "2147483647"]],
];

describe("directly in a table", () => {
  test.each(SETTINGS)("%s.%s", async (table, column, values) => {
    const taken: string[] = [];
    for (const value of values) {
      if (!(await isRefused(`update public.${table} set ${column} = ${value}`))) taken.push(value);
    }
    expect(taken).toEqual([]);
  });

  test("carrier caps and rules", async () => {
    const cap = (carrier: string, segments: string) =>
      isRefused(
        `insert into public.carrier_caps (org_id, carrier, daily_segments) values ('${org.id}', ${carrier}, ${segments})`,
      );
    for (const segments of ["-1", "2147483647"])
      expect(await cap("'t-mobile'", segments), segments).toBe(true);
    for (const carrier of ["E'a\\nb'", "'T-Mobile'", "'x'", "repeat('x', 61)"])
      expect(await cap(carrier, "1"), carrier).toBe(true);
    const rule = (column: string, value: string) => {
      const row: Record<string, string> = {
        org_id: `'${org.id}'`,
        state: "'TX'",
        dow: "1",
        opens: "'09:00'",
        closes: "'20:00'",
        source: "'counsel'",
        effective_from: "'2026-01-01'",
        reviewed_at: "'2026-01-01'",
        [column]: value,
      };
      return isRefused(
        `insert into public.quiet_hour_rules (${Object.keys(row)}) values (${Object.values(row)})`,
      );
    };
    const bad: [string, string[]][] = [
      ["effective_from", DAYS],
      ["effective_to", DAYS],
      ["reviewed_at", DAYS],
      ["max_per_24h", ["0", "-1", "32767"]],
      ["source", ["''", "repeat('x', 501)", "E'a\\nb'"]],
      ["dow", ["7", "-1"]],
      ["state", ["'tx'", "'TEX'"]],
    ];
    for (const [column, values] of bad)
      for (const value of values) expect(await rule(column, value), `${column} ${value}`).toBe(true);
    expect(await rule("source", "'counsel'")).toBe(false);
  });
});

describe("through a function", () => {
  const JSON_NUMBERS = ['"NaN"', '"Infinity"', "-1", "1e308", "1e131071", "true", '"1"', "[]"];
  const call = (name: string, args: string) => isRefused(`select public.${name}(${args})`);
  const json = (field: string, value: string) =>
    `'${JSON.stringify({ [field]: "@" }).replace('"@"', value)}'`;

  test("a number's", async () => {
    const number = org.numbers[0]?.id as string;
    const bad: [string, string[]][] = [
      ["mps", [...JSON_NUMBERS, "0", "101", "null"]],
      ["daily_cap", [...JSON_NUMBERS, "1.5", "10000001"]],
      ["time_zone", ['"X+167"', '"america/chicago"', "1", "null"]],
      ["quiet_starts", ['"24:00"', '"now"', '"allballs"', "8"]],
      [
        "warmup_started_on",
        ['"infinity"', '"-infinity"', '"today"', '"1999-12-31"', '"2101-01-01"', '"9999-12-31"'],
      ],
      ["status", ['"active"']],
    ];
    for (const [field, values] of bad)
      for (const value of values)
        expect(await call("update_number", `'${number}', ${json(field, value)}`), `${field} ${value}`).toBe(
          true,
        );
    expect(await call("update_number", `'${number}', '{}'`)).toBe(true);
    expect(await call("set_number_status", `'${number}', 'paused', repeat('x', 1001)`)).toBe(true);
    expect(await call("number_usage", "array_fill(gen_random_uuid(), array[100000])")).toBe(true);
  });

  test("a campaign's", async () => {
    for (const [field, values] of [
      ["mps", [...JSON_NUMBERS, "0", "1001"]],
      ["daily_cap", [...JSON_NUMBERS, "10000001"]],
      ["cooldown_days", [...JSON_NUMBERS, "3651"]],
      ["name", ['""', '" "', '"a\\nb"', "null", "1"]],
      ["scheduled_at", ['"infinity"', '"now"', '"2026-01-01"', '"9999-01-01T00:00:00Z"']],
      ["retry_undelivered", ['"yes"', "1", "null"]],
      ["phone_number_ids", ['["x"]', "{}", "null"]],
      ["template_weights", ['{"x": 1}', "[]"]],
      ["org_id", [`"${neighbour.id}"`]],
    ] as [string, string[]][])
      for (const value of values) {
        const input = `${json(field, value)}::jsonb`;
        const args = field === "name" ? input : `'{"name": "Spring"}'::jsonb || ${input}`;
        expect(await call("create_campaign", args), `${field} ${value}`).toBe(true);
      }
  });

  test("the organisation's", async () => {
    for (const [field, values] of [
      ["mps", [...JSON_NUMBERS, "0", "10001"]],
      ["segment_price", [...JSON_NUMBERS, "100"]],
      ["mms_price", [...JSON_NUMBERS, "100"]],
      ["warmup_caps", ["[]", "[0]", "[null]", "[[1]]", "{}", "null"]],
      ["a2p_required", ['"yes"', "null"]],
      ["id", [`"${neighbour.id}"`]],
    ] as [string, string[]][])
      for (const value of values)
        expect(await call("update_organisation", json(field, value)), `${field} ${value}`).toBe(true);
  });

  test("a question's", async () => {
    for (const at of ["'infinity'", "'-infinity'", "'9999-01-01'", "'0001-01-01 BC'"])
      expect(await call("explain_window", `'+15125550100', p_at => ${at}`), at).toBe(true);
    expect(await call("explain_window", "'+15125550100', p_state => repeat('T', 100000)")).toBe(true);
    expect(await call("explain_window", "repeat('1', 100000)")).toBe(true);
  });
});

test("after all attempts, the next plan is made for all organisations", async () => {
  const statements = SETTINGS.flatMap(([table, column, values]) =>
    values.map((value) => `update public.${table} set ${column} = ${value}`),
  );
  const input = JSON.stringify({ warmup_started_on: "infinity" });
  statements.push(`select public.update_number('${org.numbers[0]?.id}', '${input}')`);
  for (const statement of statements) {
    await isRefused(statement);
    await bench.a.begin();
    expect(await plan(bench.a.sql, AFTERNOON), statement).toBe(4);
    await bench.a.rollback();
  }
});
