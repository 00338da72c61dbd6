// Ways to become somebody else: one's own role, a chosen organisation at sign-up, an invitation.
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
describe("a role", () => {
  it("is never changed by the person who has it, so that the last admin can't lock everybody out", async () => {
    const { data } = await org.admin.client
      .from("users")
      .update({ role: "viewer" })
      .eq("id", org.admin.id)
      .select();
    expect(data).toBeNull();
    const { error } = await org.admin.client.rpc("change_role", {
      p_user_id: org.admin.id,
      p_role: "viewer",
    });
    expect(error).toMatchObject({ code: "PT409", hint: "invalid_state" });
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

  it("does not join an organisation that invited the address: that needs the invitation's secret and an explicit request", async () => {
    const email = `${randomUUID()}@example.com`;
    const { error } = await org.admin.client.rpc("invite_person", { p_email: email, p_role: "admin" });
    expect(error).toBeNull();
    const person = await signUpUser(stack, { email });
    expect((await memberOf(person.id))?.org_id).not.toBe(org.id);
    expect(
      await org.sql`select role from public.invitations where org_id = ${org.id} and email = ${email}`,
    ).toHaveLength(1);
  });

  it("shows no invitation to a person who could take its address", async () => {
    const email = `${randomUUID()}@example.com`;
    await org.admin.client.rpc("invite_person", { p_email: email, p_role: "viewer" });
    const viewer = org.users.viewer as NonNullable<typeof org.users.viewer>;
    for (const client of [viewer.client as unknown as SupabaseClient, clientWith(stack)]) {
      expect((await client.from("invitations").select("email")).data ?? []).toEqual([]);
    }
  });
});
