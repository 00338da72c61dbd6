// People of an organisation: roles, removal and bans take effect at once for REST, functions and Realtime; their work goes on.
import { readFile } from "node:fs/promises";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addAdmin } from "../fixtures/add-admin.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, invite, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { signUpUser, type TestUser } from "../fixtures/sign-up-user.ts";
import { finishImport, startImport } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
});
afterAll(() => org?.close());

const ask = (user: Pick<TestUser, "token">, method: string, path: string, body?: unknown) =>
  callFunction(stack, user, method, path, body);
const memberOf = async (id: string) =>
  (await org.sql`select org_id, role from public.users where id = ${id}`)[0];
const lastEvent = async () =>
  (
    await org.sql`select event_type, user_id, details from public.audit_events
    where org_id = ${org.id} and event_type like 'person\\_%' order by id desc limit 1`
  )[0];

/** What a token still gives access to: rows by REST, a function of the database, a function over HTTP, a channel. */
async function reachOf(user: TestUser) {
  const { data: rows } = await user.client.from("users").select("id").eq("org_id", org.id);
  const counted = await user.client.rpc("count_leads", { p_filter: {} });
  const me = await ask(user, "GET", "/settings/organisation");
  const joined = await joinChannel(user, `inbox:${org.id}`).then(
    () => "joined",
    () => "refused",
  );
  await user.client.removeAllChannels();
  return [(rows ?? []).length, counted.status, me.status === 200 ? me.body.data.id : me.status, joined];
}
const NOTHING = [0, 403, 403, "refused"];

describe("a role", () => {
  it("is given by an admin to somebody else, counts from the next request on, and is recorded", async () => {
    const person = await invite(stack, org.admin, "viewer");
    const changed = await ask(org.admin, "PATCH", `/settings/people/${person.id}`, { role: "operator" });
    expect(changed.body.data).toMatchObject({ id: person.id, email: person.email, role: "operator" });
    expect((await ask(person, "GET", "/settings/me")).body.data.role).toBe("operator");
    expect(await lastEvent()).toMatchObject({
      event_type: "person_role_changed",
      user_id: org.admin.id,
      details: { user_id: person.id, role: "operator", former_role: "viewer" },
    });
    const { body } = await ask(person, "GET", "/settings/people");
    expect(body.data.map(({ id }: { id: string }) => id)).toContain(person.id);
  });

  it("is recorded for any way of changing it, and can't be changed by people through the table", async () => {
    const person = await invite(stack, org.admin, "viewer");
    const direct = await org.admin.client.from("users").update({ role: "admin" }).eq("id", person.id);
    expect(direct.error?.code).toBe("42501");
    await org.sql`update public.users set role = 'operator' where id = ${person.id}`;
    expect(await lastEvent()).toMatchObject({ event_type: "person_role_changed", user_id: null });
  });
});

it("says whether conversations are given to them; an admin says it for others", async () => {
  const [ana, beto] = await Promise.all([
    invite(stack, org.admin, "operator"),
    invite(stack, org.admin, "operator"),
  ]);
  const say = (user: TestUser, id: string, is_available: unknown) =>
    ask(user, "PUT", `/settings/people/${id}/availability`, { is_available });
  expect((await say(ana, ana.id, false)).body.data).toMatchObject({ id: ana.id, is_available: false });
  const refused = await say(ana, beto.id, false);
  expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
  expect((await say(org.admin, ana.id, true)).body.data).toMatchObject({ is_available: true });
  const bad = await say(ana, ana.id, "no");
  expect([bad.status, fieldsOf(bad)]).toEqual([422, ["is_available"]]);
  // What somebody said in one organisation says nothing in the next.
  await say(beto, beto.id, false);
  expect((await ask(org.admin, "DELETE", `/settings/people/${beto.id}`)).status).toBe(204);
  expect(await org.sql`select is_available from public.users where id = ${beto.id}`).toEqual([
    { is_available: true },
  ]);
});

describe("a removed person", () => {
  it("reaches nothing from that moment on, with a token that is good for an hour, and can't refresh it", async () => {
    const person = await invite(stack, org.admin, "admin");
    expect(await reachOf(person)).toEqual([expect.any(Number), 200, org.id, "joined"]);
    expect((await ask(org.admin, "DELETE", `/settings/people/${person.id}`)).status).toBe(204);
    expect(await reachOf(person)).toEqual(NOTHING);
    expect((await person.client.auth.refreshSession()).error).not.toBeNull();
    expect(await lastEvent()).toMatchObject({
      event_type: "person_removed",
      details: { user_id: person.id, role: "admin" },
    });

    // The account stays, with an organisation of its own, and what they did keeps their name.
    const own = await memberOf(person.id);
    expect(own).toMatchObject({ role: "admin" });
    expect(own?.org_id).not.toBe(org.id);
    const [signed] =
      await org.sql`select count(*)::int as n from public.audit_events where org_id = ${org.id} and user_id = ${person.id}`;
    expect(signed?.n).toBeGreaterThan(0);
  });

  it("receives no contents on a channel that was joined before; the others are told to read again", async () => {
    const person = await invite(stack, org.admin, "viewer");
    const [gone, stays] = await Promise.all([
      joinChannel(person, `org:${org.id}`),
      joinChannel(org.admin, `org:${org.id}`),
    ]);
    await ask(org.admin, "DELETE", `/settings/people/${person.id}`);
    const [alert] = await org.sql`
      insert into public.alerts (org_id, kind, severity, message) values (${org.id}, 'test', 'info', 'of no concern to them') returning id`;
    const told = await waitFor(() => stays.find(({ payload }) => payload.record?.id === alert?.id));
    expect(told.payload).toMatchObject({
      table: "alerts",
      withheld: true,
      record: { id: alert?.id, org_id: org.id },
    });
    expect(Object.keys(told.payload.record).sort()).toEqual(["id", "org_id"]);
    await waitFor(() => gone.find(({ payload }) => payload.record?.id === alert?.id));
    expect(JSON.stringify(gone)).not.toContain("of no concern");

    // Once the last token they could have has expired, contents are broadcast again.
    await org.sql`update private.withheld_rows set until = now() where org_id = ${org.id}`;
    await org.sql`update public.alerts set message = 'told again' where id = ${alert?.id}`;
    await waitFor(() => stays.find(({ payload }) => payload.record?.message === "told again"));
  });

  it("leaves what they began to the organisation, and it goes on", async () => {
    const person = await invite(stack, org.admin, "campaign_manager");
    const csv = `Phone\n${Array.from({ length: 300 }, (_, n) => fictionalPhoneAt(500 + n)).join("\n")}\n`;
    const { id } = await startImport(org, csv, { user: person });
    await ask(org.admin, "DELETE", `/settings/people/${person.id}`);
    expect(await finishImport(org, id)).toMatchObject({ status: "completed", imported_rows: 300 });
  });

  it("is removed only by admins of the same organisation, and never by the person themselves", async () => {
    const stranger = await signUpUser(stack);
    const theirs = await ask(stranger, "DELETE", `/settings/people/${org.admin.id}`);
    expect([theirs.status, theirs.body.error.code]).toEqual([404, "not_found"]);
    const viewer = org.users.viewer as TestUser;
    expect((await viewer.client.rpc("remove_person", { p_user_id: org.admin.id })).error?.code).toBe("PT403");
    const self = await ask(org.admin, "DELETE", `/settings/people/${org.admin.id}`);
    expect([self.status, self.body.error.code]).toEqual([409, "invalid_state"]);
  });
});

describe("an account", () => {
  it.each([
    ["banned", "banned_until = now() + interval '1 day'"],
    ["deleted softly", "deleted_at = now()"],
  ])("that is %s reaches nothing with its live token", async (_what, change) => {
    const person = await invite(stack, org.admin, "operator");
    expect(await reachOf(person)).toEqual([expect.any(Number), 200, org.id, "joined"]);
    await org.sql.unsafe(`update auth.users set ${change} where id = '${person.id}'`);
    expect(await reachOf(person)).toEqual(NOTHING);
    const [withheld] =
      await org.sql`select until > now() as active from private.withheld_rows where org_id = ${org.id}`;
    expect(withheld).toEqual({ active: true });
    await org.sql.unsafe(
      `update auth.users set banned_until = null, deleted_at = null where id = '${person.id}'`,
    );
    expect((await reachOf(person))[1]).toBe(200);
  });

  it("that signed out everywhere reaches nothing with a token that was kept", async () => {
    const person = await invite(stack, org.admin, "operator");
    const keeper = { ...person };
    await person.client.auth.signOut({ scope: "global" });
    expect((await ask(keeper, "GET", "/settings/me")).status).toBe(403);
    const rest = await fetch(`${stack.API_URL}/rest/v1/users?select=id`, {
      headers: { apikey: stack.PUBLISHABLE_KEY, authorization: `Bearer ${keeper.token}` },
    });
    expect(await rest.json()).toEqual([]);
  });

  it("can't be deleted if people would be left without an admin; an account that is alone can", async () => {
    const small = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
    const remove = () => small.sql`delete from auth.users where id = ${small.admin.id}`;
    await expect(remove()).rejects.toMatchObject({ code: "PT409" });
    await addAdmin(small.sql, small.id);
    await remove();
    expect(await small.sql`select 1 from public.users where id = ${small.admin.id}`).toHaveLength(0);
    await small.close();
    const alone = await signUpUser(stack);
    await org.sql`delete from auth.users where id = ${alone.id}`;
  });

  it("is deleted with its organisation, admins too", async () => {
    const small = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
    await small.sql`delete from public.orgs where id = ${small.id}`;
    expect(await small.sql`select 1 from public.users where id = ${small.admin.id}`).toHaveLength(0);
    await small.close();
  });
});

it("withholds contents for at least as long as a token lives", async () => {
  const config = await readFile(new URL("../../supabase/config.toml", import.meta.url), "utf8");
  const seconds = Number(/^jwt_expiry = (\d+)$/m.exec(config)?.[1]);
  const [row] = await org.sql`select extract(epoch from private.token_lifetime())::int as seconds`;
  expect(seconds).toBeGreaterThan(0);
  expect(row?.seconds).toBeGreaterThanOrEqual(seconds);
});
