// What an admin may store of a service: the function in the database checks it, and the API gives the same answers.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { Environment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { checkService } from "../../../supabase/functions/leads/enrichment/check-service.ts";
import { serviceInput } from "../../../supabase/functions/leads/enrichment/schemas.ts";
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

const property = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: "property",
  name: randomUUID(),
  url: "https://parcels.example.com/v1",
  request: { apn: "{apn}" },
  field_map: { acreage: "parcel.acres" },
  ...more,
});
const scrub = (more: Record<string, unknown> = {}) =>
  property({ kind: "scrub", request: { p: "{phones}" }, field_map: { phone: "p", dnc: "d" }, ...more });

interface Refusal {
  status: string;
  field: string | undefined;
  message: string;
}
/** The id, or the reason of the refusal. */
async function save(input: unknown, id: string | null = null): Promise<string | Refusal> {
  try {
    const [row] =
      await admin.sql`select public.save_enrichment_service(${admin.sql.json(input as never)}, ${id}) as id`;
    return row?.id;
  } catch (error) {
    const { code, detail, message } = error as { code: string; detail?: string; message: string };
    const errors = code === "PT422" && detail ? JSON.parse(detail).errors : [];
    return { status: code, field: errors[0]?.field, message };
  }
}
/** The API's check; Twilio's API is on this machine, as with a simulator. */
function isTakenByApi(input: unknown): boolean {
  const parsed = serviceInput.safeParse(input);
  if (!parsed.success) return false;
  const env = {
    get: () => "http://127.0.0.1:1",
    require: () => "http://127.0.0.1:1",
  } as unknown as Environment;
  try {
    const { kind, ...settings } = parsed.data;
    checkService(env, kind, settings);
    return true;
  } catch {
    return false;
  }
}

it.each<[Record<string, unknown>]>([
  [{}],
  [{ url: "https://8.8.8.8/" }],
  [{ url: "https://[2606:4700::1111]/x" }],
  [{ url: "HTTPS://Parcels.Example.com:443/?key=abc%20d" }],
  [{ url: "https://xn--mnchen-3ya.example/" }],
  [{ url: "http://127.0.0.1:9000/x" }],
  [{ method: "GET", request: { q: "{county}, {state}", deep: { list: ["{apn}", 1, true, null] } } }],
  [{ field_map: { apn: "a-b[0][1].c_d", county: "x" } }],
  [{ secret: null }],
  [{ secret: "" }],
  [{ secret: "Bearer ~!{}", secret_header: "X-Api-Key" }],
  [{ batch_size: 50, daily_budget: 0, timeout_ms: 20_000, is_enabled: true, is_automatic: false }],
])("settings such as %j are taken by both", async (more) => {
  const input = property(more);
  expect([isTakenByApi(input), await save(input)]).toEqual([true, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  await admin.sql`select public.remove_enrichment_service(id) from public.enrichment_services`;
});

const deep = (levels: number): unknown => (levels === 0 ? "{apn}" : [deep(levels - 1)]);
const NUMBERS = ["batch_size", "daily_budget", "timeout_ms"].flatMap((field) =>
  [-1, 1.5, 1e308, "5", "NaN", null, true, [], {}, "", 10_000_000].map((value): [string, unknown] => [
    field,
    value,
  ]),
);
const ADVERSARIAL: [string, unknown][] = [
  ...["x", "SCRUB", null, 7, ["property"]].map((value): [string, unknown] => ["kind", value]),
  ...["", " ", "a".repeat(101), "a\nb", "a\u0007b", null, 5, ["a"], { a: 1 }].map(
    (value): [string, unknown] => ["name", value],
  ),
  ...["delete", "post", null, 1, ""].map((value): [string, unknown] => ["method", value]),
  ...[
    null,
    "{apn}",
    [],
    ["{apn}"],
    1,
    {},
    { a: "x" },
    { a: "{owner}" },
    { a: "{__proto__}" },
    { a: "{phones}" },
  ].map((value): [string, unknown] => ["request", value]),
  ...[{ a: deep(9) }, { a: "{apn}", b: "x".repeat(10_001) }, { a: Array(301).fill("{apn}") }].map(
    (value): [string, unknown] => ["request", value],
  ),
  ...[null, [], "acres", {}, { owner: "x" }, { acreage: 1 }, { acreage: null }, { acreage: "" }].map(
    (value): [string, unknown] => ["field_map", value],
  ),
  ...["$..a", "a..b", "a[", "a[12345]", ".a", "a b", "a".repeat(201), "a\n"].map(
    (path): [string, unknown] => ["field_map", { acreage: path }],
  ),
  ...[
    "",
    "a b",
    "a:b",
    "x\r\ny",
    "ключ",
    "a".repeat(61),
    null,
    1,
    "Host",
    "content-LENGTH",
    "Transfer-Encoding",
  ].map((value): [string, unknown] => ["secret_header", value]),
  ...["accept", "cookie", "Proxy-Authorization", "connection", "expect", "te"].map(
    (value): [string, unknown] => ["secret_header", value],
  ),
  ...["a\nb", "a\r\nhost: x", "ñ", "a".repeat(4_001), 5, true, ["a"], { a: 1 }].map(
    (value): [string, unknown] => ["secret", value],
  ),
  ...["true", 1, null, 0, ""].flatMap((value): [string, unknown][] => [
    ["is_enabled", value],
    ["is_automatic", value],
  ]),
  ...NUMBERS,
  ...["secret_id", "org_id", "id", "has_secret", "created_at", "", "a".repeat(300)].map(
    (field): [string, unknown] => [field, randomUUID()],
  ),
  ...[
    "",
    "x",
    "ftp://a.example/",
    "javascript:alert(1)",
    "http://parcels.example.com/",
    "//a.example",
    "https://",
    "https://user:pass@a.example/",
    "https://key@a.example/",
    "https://a.example/#x",
    "https://a.example:8443/",
    "https://a.example:22/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://db/",
    "https://db.internal/",
    "https://x.local",
    "https://a.example./",
    "https://a..example/",
    "https://-a.example/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://100.64.0.1/",
    "https://192.168.1.1/",
    "https://168.63.129.16/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://8.8.8.8:53/",
    "https://1.2.3.4.5/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[x]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:1::]/",
    "https://[::]/",
    "https://münchen.example/",
    "https://１２７.0.0.1/",
    "https://a.example/ x",
    "https://a.example\\@10.0.0.1/",
    "https://a.example/\nx",
    "http://169.254.169.254/",
    "http://10.0.0.1/",
    `https://a.example/${"x".repeat(2_000)}`,
    null,
    5,
    ["https://a.example/"],
    {},
  ].map((value): [string, unknown] => ["url", value]),
];
it.each(ADVERSARIAL)("%s (case %#) is refused by both, and the field named", async (field, value) => {
  const input = property({ [field]: value });
  const refusal = await save(input);
  expect(refusal).toMatchObject({ status: "PT422" });
  expect((refusal as Refusal).field?.split(".")[0]).toBe(field.slice(0, 50));
  expect(isTakenByApi(input)).toBe(false);
  const [row] =
    await bench.sql`select count(*)::int as n from public.enrichment_services where org_id = ${org.id}`;
  expect(row?.n).toBe(0);
});

it.each([[null], [5], ["x"], [[]], [[property()]], [true]])("%j is no service", async (input) => {
  expect(await save(input)).toMatchObject({ status: "PT422" });
});

it.each(["kind", "name", "url", "request", "field_map"])(
  "a new service without %s is refused",
  async (field) => {
    const { [field]: _left, ...rest } = property();
    expect(await save(rest)).toMatchObject({ status: "PT422", field });
  },
);

it("a scrub's field map names the phone and its results", async () => {
  for (const [map, field] of [
    [{ phone: "p" }, "field_map.dnc"],
    [{ dnc: "d" }, "field_map.phone"],
    [{ phone: "p", dnc: "d", hits_only: "yes" }, "field_map.hits_only"],
    [{ phone: "p", acreage: "d" }, "field_map"],
  ] as const)
    expect(await save(scrub({ field_map: map }))).toMatchObject({ status: "PT422", field });
});

describe("an organisation", () => {
  it("has at most 20 services, even if two are added at once", async () => {
    for (let i = 0; i < 19; i++) expect(typeof (await save(property()))).toBe("string");
    const second = await signedIn(bench.db, org.adminId);
    const add = (session: Session) =>
      session.sql`select public.save_enrichment_service(${session.sql.json(property() as never)})`.then(
        () => "added",
        ({ code }) => code as string,
      );
    expect((await Promise.all([add(admin), add(second)])).sort()).toEqual(["PT409", "added"]);
    await second.end();
  });
});
