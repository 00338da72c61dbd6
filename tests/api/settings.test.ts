// The area settings on the running platform: who may call it, in which role, and the answers to others.
import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import ws from "ws";
import { ROLES } from "../../supabase/functions/_shared/http/roles.ts";

const stack = inject("stack");
const admin = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
const url = `${stack.FUNCTIONS_URL}/settings`;

/** A person who signed up as people do, and so became admin of an organisation of their own. */
async function signUp() {
  const email = `${randomUUID()}@example.com`;
  const client = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
    realtime: { transport: ws as never },
  });
  const { data, error } = await client.auth.signUp({
    email,
    password: randomUUID(),
  });
  if (error || !data.session || !data.user) throw error ?? new Error("sign-up gave no session");
  return { client, email, id: data.user.id, token: data.session.access_token };
}

const ask = (path: string, token?: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) },
  });

const refusal = async (response: Response) => [response.status, (await response.json()).error.code];

let person: Awaited<ReturnType<typeof signUp>>;
beforeAll(async () => {
  person = await signUp();
});
afterAll(() => admin.end());

describe("GET /settings/me", () => {
  it("returns the person's own data, by supabase-js as a dashboard calls it", async () => {
    const [organization] = await admin`
      select o.id, o.name, o.brand, o.language, o.time_zone
      from public.orgs o join public.users u on u.org_id = o.id where u.id = ${person.id}`;
    const { data, error } = await person.client.functions.invoke("settings/me", { method: "GET" });
    expect(error).toBeNull();
    const { id, email } = person;
    expect(data).toEqual({
      success: true,
      data: { id, email, role: "admin", organization: { ...organization } },
    });
  });

  it("returns each person's own organisation, never another", async () => {
    const other = await signUp();
    const read = async (token: string) => (await (await ask("/me", token)).json()).data;
    const [mine, theirs] = await Promise.all([read(person.token), read(other.token)]);
    expect([mine.id, theirs.id]).toEqual([person.id, other.id]);
    expect(mine.organization.id).not.toBe(theirs.organization.id);
  });

  it.each(ROLES)("reads the role %s from the database, also with an old token", async (role) => {
    // Another person is admin, because an organisation can't be left without one.
    const keeper = await signUp();
    await admin`update public.users set org_id = (select org_id from public.users where id = ${person.id}) where id = ${keeper.id}`;
    await admin`update public.users set role = ${role} where id = ${person.id}`;
    const { data } = await (await ask("/me", person.token)).json();
    expect(data.role).toBe(role);
  });

  it("lets a person who was removed do nothing from that moment, valid token or not", async () => {
    const leaver = await signUp();
    expect((await ask("/me", leaver.token)).status).toBe(200);
    await admin`delete from public.users where id = ${leaver.id}`;
    expect(await refusal(await ask("/me", leaver.token))).toEqual([403, "no_organization"]);
  });

  it("lets nobody in without a token, with a project key, or with a key for programs", async () => {
    expect(await refusal(await ask("/me"))).toEqual([401, "missing_token"]);
    expect(await refusal(await ask("/me", stack.PUBLISHABLE_KEY))).toEqual([401, "missing_token"]);
    expect(await refusal(await ask("/me", stack.SECRET_KEY))).toEqual([401, "missing_token"]);
    const keyed = await ask("/me", person.token, { headers: { "x-api-key": "ct_0123456789" } });
    expect(await refusal(keyed)).toEqual([401, "api_keys_not_enabled"]);
  });

  it("lets nobody in with an expired or a forged token", async () => {
    const sign = (exp: string, secret: string) =>
      new SignJWT({ role: "authenticated" })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(person.id)
        .setAudience("authenticated")
        .setExpirationTime(exp)
        .sign(new TextEncoder().encode(secret));
    expect(await refusal(await ask("/me", await sign("1 hour ago", stack.JWT_SECRET)))).toEqual([
      401,
      "token_expired",
    ]);
    const forged = await sign("1 hour", "another-secret-of-at-least-32-characters");
    expect(await refusal(await ask("/me", forged))).toEqual([401, "token_invalid"]);
    expect((await ask("/me", await sign("1 hour", stack.JWT_SECRET))).status).toBe(200);
  });
});

describe("the area", () => {
  it("reports to anybody that it and its database are available", async () => {
    const response = await ask("/health");
    expect(response.status).toBe(200);
    expect((await response.json()).data).toMatchObject({ status: "ok", database: "reachable" });
  });

  it("describes its routes to anybody", async () => {
    const { paths } = await (await ask("/openapi.json")).json();
    expect(Object.keys(paths).sort()).toEqual([
      "/settings/alerts",
      "/settings/alerts/{id}/resolve",
      "/settings/health",
      "/settings/invitations",
      "/settings/invitations/accept",
      "/settings/invitations/{id}",
      "/settings/me",
      "/settings/openapi.json",
      "/settings/organisation",
      "/settings/people",
      "/settings/people/{id}",
      "/settings/people/{id}/availability",
    ]);
  });

  it("lets browsers in from the allowed origin alone", async () => {
    const preflight = (origin: string) =>
      ask("/me", undefined, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "authorization",
        },
      });
    const ours = await preflight("http://localhost:3000");
    expect(ours.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect(ours.headers.get("access-control-allow-headers")).toContain("authorization");
    expect((await preflight("https://evil.test")).headers.get("access-control-allow-origin")).toBeNull();
  });
});
