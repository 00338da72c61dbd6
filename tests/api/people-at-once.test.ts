// Two people act at the same moment, by barriers: an organisation never ends without an admin, an invitation is used once.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { createOrg, invite, type TestOrg } from "../fixtures/create-org.ts";
import { openSession, type Session } from "../fixtures/open-session.ts";
import { beginAs, outcome } from "../fixtures/sign-in-session.ts";
import { signUpUser, type TestUser } from "../fixtures/sign-up-user.ts";

const stack = inject("stack");
let org: TestOrg;
let second: TestUser;
const sessions: Session[] = [];
beforeEach(async () => {
  org = await createOrg(stack, { numbers: 0 });
  second = await invite(stack, org.admin, "admin");
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
  await org.close();
});

const as = async (user: TestUser) => {
  const session = await beginAs(org, user);
  sessions.push(session);
  return session;
};
const admins = async () =>
  (await org.sql`select id from public.users where org_id = ${org.id} and role = 'admin'`).length;

const STEPS = {
  demotes: ({ sql }: Session, id: string) => outcome(sql`select public.change_role(${id}, 'viewer')`),
  removes: ({ sql }: Session, id: string) => outcome(sql`select public.remove_person(${id})`),
};
it.each<[keyof typeof STEPS, keyof typeof STEPS]>([
  ["demotes", "demotes"],
  ["demotes", "removes"],
  ["removes", "demotes"],
  ["removes", "removes"],
])("one admin %s the other, who at that moment %s the first: one is left", async (one, other) => {
  const [a, b] = [await as(org.admin), await as(second)];
  expect(await STEPS[one](a, second.id)).toBe("ok");
  const late = STEPS[other](b, org.admin.id);
  await b.blocked(a);
  await a.commit();
  expect(await late).toMatch(/^PT40[349]$/);
  await b.rollback();
  expect(await admins()).toBe(1);
});

it("is not left without one by changes that bypass the functions either", async () => {
  const changes = [
    "update public.users set role = 'viewer' where id = $1",
    "update public.users set org_id = (select id from public.orgs where id <> org_id limit 1) where id = $1",
    "delete from auth.users where id = $1",
  ];
  // Another person is in the organisation, so it needs an admin.
  await invite(stack, org.admin, "viewer");
  for (const change of changes) {
    const [a, b] = [
      await openSession(stack.ADMIN_DB_URL, org.sql),
      await openSession(stack.ADMIN_DB_URL, org.sql),
    ];
    sessions.push(a, b);
    await a.begin();
    await b.begin();
    await a.sql.unsafe("update public.users set role = 'operator' where id = $1", [org.admin.id]);
    const late = outcome(b.sql.unsafe(change, [second.id]));
    await b.blocked(a);
    await a.commit();
    expect(await late, change).toBe("PT409");
    await b.rollback();
    expect(await admins(), change).toBe(1);
    await org.sql`update public.users set role = 'admin' where id = ${org.admin.id}`;
  }
  await expect(
    org.sql`update public.users set role = 'viewer' where org_id = ${org.id}`,
  ).rejects.toMatchObject({ code: "PT409" });
});

it("lets one of two acceptances of an invitation through", async () => {
  const person = await signUpUser(stack);
  const made = await org.admin.client.rpc("invite_person", { p_email: person.email, p_role: "viewer" });
  const { token } = made.data as { token: string };
  const [a, b] = [await as(person), await as(person)];
  expect(await outcome(a.sql`select public.accept_invitation(${token})`)).toBe("ok");
  const late = outcome(b.sql`select public.accept_invitation(${token})`);
  await b.blocked(a);
  await a.commit();
  expect(await late).toMatch(/^PT40[49]$/);
  await b.rollback();
});

it("takes no invitation whose inviter is demoted at that moment", async () => {
  const person = await signUpUser(stack);
  const made = await second.client.rpc("invite_person", { p_email: person.email, p_role: "admin" });
  const { token } = made.data as { token: string };
  const [a, b] = [await as(org.admin), await as(person)];
  expect(await outcome(a.sql`select public.change_role(${second.id}, 'viewer')`)).toBe("ok");
  const late = outcome(b.sql`select public.accept_invitation(${token})`);
  await b.blocked(a);
  await a.commit();
  expect(await late).toMatch(/^PT40[49]$/);
  await b.rollback();
  expect(
    await org.sql`select 1 from public.users where id = ${person.id} and org_id = ${org.id}`,
  ).toHaveLength(0);
});

it("loses nothing that is being written to a person's own organisation while they move to another", async () => {
  const person = await signUpUser(stack);
  const made = await org.admin.client.rpc("invite_person", { p_email: person.email, p_role: "viewer" });
  const { token } = made.data as { token: string };
  const [a, b] = [await as(person), await as(person)];
  await a.sql`select public.create_lead(${a.sql.json({ first_name: randomUUID(), primary_phone: "+12145550144" })})`;
  const late = outcome(b.sql`select public.accept_invitation(${token})`);
  await b.blocked(a);
  await a.commit();
  expect(await late).toBe("PT409");
  await b.rollback();
});
