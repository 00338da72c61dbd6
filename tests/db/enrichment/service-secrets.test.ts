// The secret of a service is sent only to the host it was given for; nothing of URL, request and secret is in the audit trail.
import { beforeEach, describe, expect, it } from "vitest";
import { type ArrangedOrg, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
});

const OLD_SECRET = "Bearer of-the-old-host";
async function save(input: Record<string, unknown>, id: string | null = null): Promise<string> {
  const admin = await signedIn(bench.db, org.adminId);
  try {
    const [row] =
      await admin.sql`select public.save_enrichment_service(${admin.sql.json(input as never)}, ${id}) as id`;
    return row?.id;
  } finally {
    await admin.end();
  }
}
const add = (more = {}) =>
  save({
    kind: "property",
    name: "Parcels",
    url: "https://parcels.example.com/v1",
    request: { apn: "{apn}" },
    field_map: { acreage: "acres" },
    secret: OLD_SECRET,
    ...more,
  });
/** As the worker has it. */
const serviceOf = async (id: string) =>
  (await bench.sql`select private.service_for_worker(${id}) as s`)[0]?.s;
const secretsOf = async (id: string): Promise<string[]> =>
  (
    await bench.sql`select decrypted_secret as s from vault.decrypted_secrets where name like ${`%${id}%`}`
  ).map(({ s }) => s);

describe("a URL that leads to another host", () => {
  it.each([
    "https://attacker.example.com/v1",
    "https://parcels.example.com.attacker.example/v1",
    "https://parcels.example.org/v1",
    "http://127.0.0.1:9000/v1",
  ])("needs the secret anew: %s", async (url) => {
    const id = await add();
    const refused = await save({ url }, id).catch((error) => error);
    expect([refused.code, JSON.parse(refused.detail).errors[0].field]).toEqual(["PT422", "secret"]);
    expect(await serviceOf(id)).toMatchObject({ url: "https://parcels.example.com/v1", secret: OLD_SECRET });
    // Not in two steps either.
    await save({ secret_header: "x-api-key", name: "Other" }, id);
    await expect(save({ url, is_enabled: true }, id)).rejects.toMatchObject({ code: "PT422" });
  });

  it("gets the new secret, and the old one is deleted from Vault", async () => {
    const id = await add();
    const [before] = await bench.sql`select secret_id from public.enrichment_services where id = ${id}`;
    await save({ url: "https://other.example.com/", secret: "Bearer new" }, id);
    expect(await serviceOf(id)).toMatchObject({ url: "https://other.example.com/", secret: "Bearer new" });
    expect(await secretsOf(id)).toEqual(["Bearer new"]);
    expect(await bench.sql`select 1 from vault.secrets where id = ${before?.secret_id}`).toHaveLength(0);
  });

  it("may have no secret: null, or none before", async () => {
    const id = await add();
    await save({ url: "https://other.example.com/", secret: null }, id);
    expect([(await serviceOf(id)).secret, await secretsOf(id)]).toEqual([null, []]);
    await save({ url: "https://third.example.com/" }, id);
    expect((await serviceOf(id)).url).toBe("https://third.example.com/");
  });
});

it.each(["https://parcels.example.com/v2?x=1", "HTTPS://PARCELS.example.com:443/v1"])(
  "the same host under another path keeps its secret: %s",
  async (url) => {
    const id = await add();
    await save({ url }, id);
    expect(await serviceOf(id)).toMatchObject({ url, secret: OLD_SECRET });
  },
);

const KEYS = {
  url: "https://parcels.example.com/v1/path-key-1?key=query-key-2",
  request: { apn: "{apn}", k: "body-key-3" },
};
const auditOf = async () =>
  (await bench.sql`select event_type, details from public.audit_events
    where org_id = ${org.id} and event_type like 'enrichment_service%' order by created_at, id`) as unknown as {
    event_type: string;
    details: Record<string, unknown>;
  }[];

it("the audit names the changed fields, and none of the values", async () => {
  const id = await add({ ...KEYS, secret: "secret-4-of-service" });
  await save({ request: { q: "{apn}", k: "body-key-3b" }, secret: "secret-4b-of-service" }, id);
  const admin = await signedIn(bench.db, org.adminId);
  await admin.sql`select public.remove_enrichment_service(${id})`;
  await admin.end();
  const service = { service_id: id, name: "Parcels", kind: "property", host: "parcels.example.com" };
  const events = await auditOf();
  expect(events.map(({ event_type, details }) => [event_type, details])).toEqual([
    [
      "enrichment_service_added",
      { ...service, changed: ["field_map", "kind", "name", "request", "secret", "url"] },
    ],
    ["enrichment_service_changed", { ...service, changed: ["request", "secret"] }],
    ["enrichment_service_removed", { ...service, changed: [] }],
  ]);
  expect(JSON.stringify(events)).not.toMatch(/key-|secret-4/);
});
