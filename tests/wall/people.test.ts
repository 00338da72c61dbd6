// Ways to become somebody else: one's own role, a chosen organisation at sign-up, somebody else's invitation.
import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { signUpUser } from "../fixtures/sign-up-user.ts";
import { clientWith } from "./clients.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer"], numbers: 1 });
});
afterAll(() => org?.close());

const memberOf = async (userId: string) => {
  const [row] = await org.sql`select org_id, role from public.users where id = ${userId}`;
  return row;
};
const invite = async (values: object) => {
  const email = `${randomUUID()}@example.com`;
  await org.sql`insert into public.invitations ${org.sql([{ org_id: org.id, email, role: "admin", ...values }])}`;
  return email;
};

describe("a role", () => {
  it("is never changed by whoever has it, so that the last admin can't lock everybody out", async () => {
    const { data } = await org.admin.client
      .from("users")
      .update({ role: "viewer" })
      .eq("id", org.admin.id)
      .select();
    expect(data).toEqual([]);
    expect(await memberOf(org.admin.id)).toMatchObject({ role: "admin" });
  });

  it("is not raised through the metadata that people may write about themselves", async () => {
    const viewer = org.users.viewer as NonNullable<typeof org.users.viewer>;
    const client = viewer.client as unknown as SupabaseClient;
    await client.auth.updateUser({ data: { role: "admin", org_id: randomUUID(), user_role: "admin" } });
    await client.auth.refreshSession();
    expect(await memberOf(viewer.id)).toEqual({ org_id: org.id, role: "viewer" });
    const { data } = await client.from("orgs").update({ support_contact: "mine" }).eq("id", org.id).select();
    expect(data).toEqual([]);
  });
});

describe("signing up", () => {
  it("joins no organisation by naming it", async () => {
    const client = clientWith(stack);
    const { data } = await client.auth.signUp({
      email: `${randomUUID()}@example.com`,
      password: randomUUID(),
      options: { data: { org_id: org.id, organization_id: org.id, role: "admin", org_name: "Stray" } },
    });
    const member = await memberOf(data.user?.id as string);
    expect(member?.org_id).not.toBe(org.id);
    const { data: seen } = await client.from("orgs").select("id");
    expect(seen).toEqual([{ id: member?.org_id }]);
  });

  it("takes an invitation of this very address, once, while it lasts, with the role it names", async () => {
    const invited = await invite({ role: "operator" });
    const joined = await signUpUser(stack, { email: invited.toUpperCase() });
    expect(await memberOf(joined.id)).toEqual({ org_id: org.id, role: "operator" });

    const accepted = await invite({ accepted_at: new Date() });
    const expired = await invite({ expires_at: "2020-01-15T00:00:00Z" });
    const near = (await invite({})).replace("@", "+x@");
    for (const email of [accepted, expired, near]) {
      const person = await signUpUser(stack, { email });
      expect((await memberOf(person.id))?.org_id, email).not.toBe(org.id);
    }
  });

  it("shows an invitation to nobody who could take its address", async () => {
    await invite({});
    const viewer = org.users.viewer as NonNullable<typeof org.users.viewer>;
    for (const client of [viewer.client as unknown as SupabaseClient, clientWith(stack)]) {
      expect((await client.from("invitations").select("email")).data ?? []).toEqual([]);
    }
  });
});
