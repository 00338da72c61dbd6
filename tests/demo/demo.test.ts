// The demo from its command line: its result adds up, it accepts other files, and it leaves nothing behind.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { waitFor } from "local-supabase/testing/wait-for";
import { expect, test } from "vitest";
import { openDashboard, rowOf } from "../../scripts/demo/dashboard.ts";
import type { Result } from "../../scripts/demo/sum-up.ts";
import type { StackEnv } from "../../scripts/stack/start-stack.ts";
import { type DemoProcess, readResult, startDemo } from "./start-demo.ts";

const KEYS =
  "rows,imported,rejected,duplicates,targets,excluded,canceled,sent,delivered,undelivered,unconfirmed,failed,unknown,needs_attention,replies,opt_outs,double_sends,sent_after_opt_out,seconds";
/** Each starts a platform of its own, beside the one of the other tests: on a busy machine that alone takes minutes. */
const MINUTES = 600_000;
const WAIT = { seconds: 450 };

/** Runs the demo for the work, and ends it afterwards. */
async function withDemo(args: string[], work: (demo: DemoProcess) => Promise<void>): Promise<void> {
  const demo = await startDemo(args);
  try {
    await work(demo);
  } finally {
    await demo.clean();
  }
}

function expectSums(result: Result): void {
  expect(Object.keys(result).join(",")).toBe(KEYS);
  expect(result.imported + result.rejected + result.duplicates).toBe(result.rows);
  expect(result.excluded + result.canceled + result.sent + result.failed + result.unknown).toBe(
    result.targets,
  );
  expect(result.delivered + result.undelivered + result.unconfirmed).toBe(result.sent);
  expect(result).toMatchObject({ double_sends: 0, sent_after_opt_out: 0, unknown: 0 });
}

// At once, since each mostly waits for the people of its own simulator.
test.concurrent(
  "--json ends with one line whose figures add up, quietly, and nothing is left behind",
  () =>
    withDemo(["--json", "--leads", "200", "--seed", "11"], async (demo) => {
      expect(await demo.ended, demo.stderr()).toBe(0);
      expect(demo.stdout().trimEnd().split("\n")).toHaveLength(1);
      const result = readResult(demo);
      expectSums(result);
      // Of 200 rows, by the shares they are made with: 8 without a usable phone, 8 with a phone that another has.
      expect(result).toMatchObject({ rows: 200, rejected: 8, duplicates: 8, imported: 184, targets: 184 });
      // Landlines and people who refused, and the four who opt out while it is paused.
      expect(result.excluded).toBeGreaterThanOrEqual(5);
      expect(result.canceled).toBe(4);
      expect(result.sent).toBeGreaterThanOrEqual(160);
      expect(result.delivered).toBeGreaterThanOrEqual(result.sent * 0.85);
      expect(result.opt_outs).toBeGreaterThanOrEqual(4);
      expect(await demo.leftovers()).toEqual([]);
    }),
  MINUTES,
);

test.concurrent(
  "--csv takes a file with headers of its own and keeps unknown columns; --keep runs on until Ctrl-C",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "demo-csv-"));
    const file = join(folder, "county list.csv");
    await writeFile(file, writeForeignCsv(), "latin1");
    try {
      await withDemo(["--json", "--keep", "--csv", file], expectOwnFileThenStop);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  MINUTES,
);

async function expectOwnFileThenStop(demo: DemoProcess): Promise<void> {
  const dataDir = await waitFor(
    () => /All of it is in (\S+)\/env/.exec(demo.stderr())?.[1] ?? (demo.process.exitCode !== null && "gone"),
    WAIT,
  );
  const result = readResult(demo);
  expectSums(result);
  expect(result).toMatchObject({ rows: 42, imported: 40, rejected: 1, duplicates: 1, targets: 40 });

  const env = parseEnv(await readFile(join(dataDir, "env"), "utf8")) as unknown as StackEnv;
  const dashboard = await openDashboard(env);
  const leads = await rowOf(
    dashboard.client.from("leads").select("first_name, postal_code, custom_fields, lead_phones (e164, role)"),
  );
  await dashboard.close();
  expect(leads).toHaveLength(40);
  expect(leads.find((lead) => lead.first_name === "Begoña 7")).toMatchObject({
    postal_code: "78707",
    custom_fields: { "Soil Grade": "C, stony", "Zoning Code": "R-7" },
    lead_phones: expect.arrayContaining([
      { e164: "+15125550107", role: "primary" },
      { e164: "+19155550107", role: "secondary" },
    ]),
  });

  demo.process.kill("SIGINT");
  expect(await demo.ended).toBe(130);
  expect(await demo.leftovers()).toEqual([]);
}

/** 40 owners, one without a phone and one whose cell another has. */
function writeForeignCsv(): string {
  const lines = [
    '"Owner First Name","Owner Last Name","Mailing Zip","Phone 1","Cell","Soil Grade","Zoning Code"',
  ];
  for (let i = 0; i < 40; i++) {
    const line = 100 + i;
    lines.push(
      `Begoña ${i},Muñoz,787${String(i).padStart(2, "0")},512.555.0${line},(915) 555-0${line},"C, stony",R-${i}`,
    );
  }
  lines.push("Nobody,Reachable,78799,,,A,R-1", "Again,Muñoz,78700,,9155550100,B,R-2");
  return `${lines.join("\r\n")}\r\n`;
}

test.concurrent(
  "Ctrl-C in the middle stops the platform and deletes its folder",
  () =>
    withDemo(["--leads", "50"], async (demo) => {
      await waitFor(() => demo.stdout().includes("Campaign over") || demo.process.exitCode !== null, WAIT);
      demo.process.kill("SIGINT");
      expect(await demo.ended, demo.stderr()).toBe(130);
      expect(await demo.leftovers()).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: without a terminal there must be none of them
      expect(demo.stdout()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }),
  MINUTES,
);

test.concurrent.each([
  { args: ["--csv", "no-such-file.csv"], says: "there is no such file" },
  { args: ["--csv", "package.json"], says: "This is JSON, not a CSV" },
  { args: ["--csv", "scripts/seed/data/area-codes.csv"], says: "no column holds phone numbers" },
  { args: ["--leads", "0"], says: "--leads takes a whole number from 1" },
  { args: ["--leeds", "5"], says: "--help" },
])("refused before anything is started: $says", ({ args, says }) =>
  withDemo(args, async (demo) => {
    expect(await demo.ended).toBe(1);
    expect(demo.stderr()).toContain(says);
    expect(demo.stdout()).toBe("");
  }),
);
