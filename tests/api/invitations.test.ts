// Invitations: a secret for one address, accepted explicitly by the person who has it. Nobody joins by signing up, and nobody can
// take another's invitation.
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { signUpUser, type TestUser } from "../fixtures/sign-up-user.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "campaign_manager"], numbers: 0 });
});
afterAll(() => org?.close());
beforeEach(async () => {
  await org.sql`delete from public.invitations where org_id = ${org.id}`;
});

const ask = (user: Pick<TestUser, "token">, method: string, path: string, body?: unknown) =>
  callFunction(stack, user, method, `/settings${path}`, body);
async function invite(email: string, role = "operator", by: Pick<TestUser, "token"> = org.admin) {
  const { status, body } = await ask(by, "POST", "/invitations", { email, role });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data as { id: string; token: string; email: string; expires_at: string };
}
const accept = async (user: Pick<TestUser, "token">, token: unknown) => {
  const { status, body } = await ask(user, "POST", "/invitations/accept", { token });
  return status === 200 ? body.data : `${status} ${body.error.code}`;
};
const memberOf = async (id: string) => {
  const [row] = await org.sql`select org_id, role from public.users where id = ${id}`;
  return row;
};
const address = () => `${randomUUID()}@example.com`;
const events = async (type: string) =>
  await org.sql`select details, user_id from public.audit_events where org_id = ${org.id} and event_type = ${type} order by id`;

describe("an invitation", () => {
  it("lets the person join with its role, once, by accepting it, and deletes their empty organisation", async () => {
    const person = await signUpUser(stack);
    const own = (await memberOf(person.id))?.org_id;
    const { token, id } = await invite(person.email.toUpperCase());
    expect((await memberOf(person.id))?.org_id).toBe(own);

    expect(await accept(person, token)).toEqual({ org_id: org.id, role: "operator" });
    expect(await memberOf(person.id)).toEqual({ org_id: org.id, role: "operator" });
    expect((await ask(person, "GET", "/me")).body.data).toMatchObject({
      role: "operator",
      organization: { id: org.id },
    });
    expect(await org.sql`select 1 from public.orgs where id = ${own}`).toHaveLength(0);
    expect(await accept(person, token)).toBe("404 not_found");
    const [last] = (await events("invitation_accepted")).slice(-1);
    expect(last).toMatchObject({
      user_id: person.id,
      details: { invitation_id: id, invited_by: org.admin.id },
    });
    expect(JSON.stringify(await events("person_invited"))).not.toContain(token);
  });

  it("is accepted by no sign-up, whoever invites the address and however late", async () => {
    const email = address();
    const attacker = await createOrg(stack, { numbers: 0 });
    await invite(email);
    await invite(email, "admin", attacker.admin);
    const person = await signUpUser(stack, { email });
    const { org_id: own } = (await memberOf(person.id)) as { org_id: string };
    expect([org.id, attacker.id]).not.toContain(own);
    const open = await org.sql`select 1 from public.invitations where email = ${email}`;
    expect(open).toHaveLength(2);
    await attacker.close();
  });

  it("is not used up by a sign-up whose address nobody confirmed, which gets no organisation either", async () => {
    const email = address();
    const { token } = await invite(email, "admin");
    const id = randomUUID();
    await org.sql`insert into auth.users (id, email) values (${id}, ${email})`;
    expect(await memberOf(id)).toBeUndefined();
    expect(await org.sql`select 1 from public.invitations where email = ${email}`).toHaveLength(1);
    await org.sql`update auth.users set email_confirmed_at = now() where id = ${id}`;
    expect(await memberOf(id)).toMatchObject({ role: "admin" });
    expect((await memberOf(id))?.org_id).not.toBe(org.id);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is for its confirmed address only, and its secret is needed", async () => {
    const [person, thief] = await Promise.all([signUpUser(stack), signUpUser(stack)]);
    const { token, id } = await invite(person.email);
    expect(await accept(thief, token)).toBe("404 not_found");
    const wrong = [
      randomBytes(32).toString("hex"),
      id,
      token.toUpperCase(),
      `${token} `,
      token.slice(1),
      "",
      null,
      7,
    ];
    for (const guess of wrong)
      expect(await accept(person, guess), String(guess)).toMatch(/^(404 not_found|422 invalid_input)$/);
    for (const guess of [...wrong.slice(0, 6), null, "\ud800", `%${"_".repeat(63)}`]) {
      const { error } = await person.client.rpc("accept_invitation", { p_token: guess as string });
      expect(error?.code, String(guess)).toMatch(/^(PT404|22|PGRST)/);
    }
    await org.sql`update auth.users set email_confirmed_at = null where id = ${person.id}`;
    expect(await accept(person, token)).toBe("403 forbidden");
    await org.sql`update auth.users set email_confirmed_at = now() where id = ${person.id}`;
    expect(await accept(person, token)).toMatchObject({ org_id: org.id });
  });

  it("ends after seven days, when withdrawn, or once its inviter may no longer invite", async () => {
    const person = await signUpUser(stack);
    const first = await invite(person.email);
    const days = (Date.parse(first.expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThanOrEqual(7);
    await org.sql`update public.invitations set expires_at = now() where id = ${first.id}`;
    expect(await accept(person, first.token)).toBe("404 not_found");

    // An expired one makes room for the next.
    const second = await invite(person.email);
    expect((await ask(org.admin, "DELETE", `/invitations/${second.id}`)).status).toBe(204);
    expect(await accept(person, second.token)).toBe("404 not_found");

    for (const end of ["demoted", "removed", "banned"]) {
      const inviter = await signUpUser(stack);
      await accept(inviter, (await invite(inviter.email, "admin")).token);
      const { token } = await invite(person.email, "admin", inviter);
      if (end === "demoted") await ask(org.admin, "PATCH", `/people/${inviter.id}`, { role: "viewer" });
      if (end === "removed") await ask(org.admin, "DELETE", `/people/${inviter.id}`);
      if (end === "banned")
        await org.sql`update auth.users set banned_until = now() + interval '1 day' where id = ${inviter.id}`;
      expect(await accept(person, token), end).toMatch(/^(404 not_found|409 invalid_state)$/);
      await org.sql`delete from public.invitations where email = ${person.email}`;
    }
    expect((await memberOf(person.id))?.org_id).not.toBe(org.id);
  });

  it("does not move a person whose own organisation is in use or has other people", async () => {
    const busy = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
    const { token } = await invite(busy.admin.email);
    expect(await accept(busy.admin, token)).toBe("409 invalid_state");
    const alone = await signUpUser(stack);
    const { token: other } = await invite(alone.email);
    const made = await alone.client.rpc("create_lead", {
      p_lead: { first_name: "Kept", primary_phone: "+12145550133" },
    });
    expect(made.error).toBeNull();
    expect(await accept(alone, other)).toBe("409 invalid_state");
    await org.sql`delete from public.leads where org_id = (select org_id from public.users where id = ${alone.id})`;
    await org.sql`
      update public.templates set content = content || '.' where id = (
        select t.id from public.templates t join public.users u on u.org_id = t.org_id where u.id = ${alone.id} limit 1)`;
    expect(await accept(alone, other)).toBe("409 invalid_state");
    await busy.close();
  });
});

describe("inviting", () => {
  it("is for admins, one invitation for an address and 50 in all, at once too", async () => {
    for (const role of ["viewer", "campaign_manager"] as const) {
      const user = org.users[role] as TestUser;
      expect((await ask(user, "POST", "/invitations", { email: address(), role: "viewer" })).status).toBe(
        403,
      );
      const direct = await user.client.rpc("invite_person", { p_email: address(), p_role: "viewer" });
      expect(direct.error?.code).toBe("PT403");
    }
    const email = address();
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => ask(org.admin, "POST", "/invitations", { email, role: "viewer" })),
    );
    expect(asked.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const again = await ask(org.admin, "POST", "/invitations", {
      email: org.users.viewer?.email,
      role: "viewer",
    });
    expect([again.status, again.body.error.code]).toEqual([409, "duplicate"]);
    await org.sql`
      insert into public.invitations (org_id, email, invited_by, token_hash)
      select ${org.id}, gen_random_uuid() || '@example.com', ${org.admin.id}, sha256(uuid_send(gen_random_uuid())) from generate_series(1, 48)`;
    const last = await Promise.all(
      Array.from({ length: 4 }, () =>
        ask(org.admin, "POST", "/invitations", { email: address(), role: "viewer" }),
      ),
    );
    expect(last.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it("refuses an invalid address or role, over HTTP and by rpc", async () => {
    const bad = [
      "",
      "a",
      "a@",
      "@b.c",
      "a b@c.d",
      "a@b@c.d",
      "a@b\n.c",
      `${"a".repeat(65)}@b.c`,
      `a@${"b".repeat(254)}`,
    ];
    for (const email of bad) {
      const answer = await ask(org.admin, "POST", "/invitations", { email, role: "viewer" });
      expect([answer.status, fieldsOf(answer)], email.slice(0, 20)).toEqual([422, ["email"]]);
      const { error } = await org.admin.client.rpc("invite_person", { p_email: email, p_role: "viewer" });
      expect(error?.code, email.slice(0, 20)).toBe("PT422");
    }
    const { error } = await org.admin.client.rpc("invite_person", {
      p_email: address(),
      p_role: null as never,
    });
    expect(error?.code).toBe("PT422");
    expect((await ask(org.admin, "POST", "/invitations", { email: address(), role: "owner" })).status).toBe(
      422,
    );
  });

  it("is listed without secrets, and can't be forged through the table", async () => {
    const { token, id } = await invite(address());
    const { body } = await ask(org.admin, "GET", "/invitations");
    expect(body.data.map((row: { id: string }) => row.id)).toEqual([id]);
    expect(JSON.stringify(body)).not.toContain(token);
    const table = () => org.admin.client.from("invitations");
    expect((await table().select("token_hash")).error?.code).toBe("42501");
    expect((await table().select("*")).error?.code).toBe("42501");
    const row = { org_id: org.id, email: address(), role: "admin" as const };
    const forged = { ...row, invited_by: org.admin.id, token_hash: `\\x${"00".repeat(32)}` };
    for (const values of [row, forged])
      expect((await table().insert(values as never)).error?.code).toBe("42501");
    expect((await table().update({ email: address() }).eq("id", id)).error?.code).toBe("42501");
    expect((await table().delete().eq("id", id)).error?.code).toBe("42501");
    const { data: seen } = await (org.users.viewer as TestUser).client.from("invitations").select("id");
    expect(seen).toEqual([]);
  });
});

it("knows a person by a changed address, and leaves the former one to its next owner", async () => {
  const person = await signUpUser(stack);
  const former = person.email;
  const next = address();
  await org.sql`update auth.users set email = ${next} where id = ${person.id}`;
  expect((await ask(person, "GET", "/me")).body.data.email).toBe(next);
  const { token } = await invite(next);
  const heir = await signUpUser(stack, { email: former });
  expect(await accept(heir, token)).toBe("404 not_found");
  expect(await accept(person, token)).toMatchObject({ org_id: org.id });
});
