// Two organisations with a row in every table, and every kind of caller: people of the first one, a person of
// none, callers without a key, with an expired or with a forged token, and the service.
import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { ROLES, type Role } from "../../supabase/functions/_shared/http/roles.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { signUpUser, type TestUser } from "../fixtures/sign-up-user.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { signShared, userClaims } from "../unit/http/sign-token.ts";
import { clientWith, keylessClient } from "./clients.ts";
import { fillOrg, type Side } from "./fill-org.ts";

export interface Actor {
  name: string;
  /** Of a person of the first organisation. */
  role?: Role;
  /** The one sent to functions as Authorization: Bearer. */
  token?: string;
  client: SupabaseClient;
  /** The status of what is refused: nobody known, or nobody who may. */
  refusal: 401 | 403;
}

export interface World {
  stack: TestStack;
  sql: postgres.Sql;
  ours: Side;
  theirs: Side;
  /** Everybody but the service. */
  actors: Actor[];
  service: SupabaseClient;
  actor(name: string): Actor;
  close(): Promise<void>;
}

export async function buildWorld(stack: TestStack): Promise<World> {
  const sql = postgres(stack.ADMIN_DB_URL, { max: 4, onnotice: () => {} });
  const people = ROLES.filter((role) => role !== "admin");
  const [ours, theirs, stranger] = await Promise.all([
    createOrg(stack, { roles: [...people], numbers: 1 }),
    createOrg(stack, { numbers: 1 }),
    signUpUser(stack),
  ]);
  await sql`delete from public.users where id = ${stranger.id}`;
  const sides: [Side, Side] = [
    await fillOrg(sql, ours, await addMember(sql, ours), stranger.id),
    await fillOrg(sql, theirs, await addMember(sql, theirs), stranger.id),
  ];
  const actors = await makeActors(stack, ours, stranger);
  return {
    stack,
    sql,
    actors,
    ours: sides[0],
    theirs: sides[1],
    service: clientWith(stack, { key: stack.SECRET_KEY }),
    actor(name) {
      const found = actors.find((actor) => actor.name === name);
      if (!found) throw new Error(`nobody here is ${name}`);
      return found;
    },
    async close() {
      await Promise.all(actors.map(({ client }) => client.removeAllChannels()));
      await Promise.all([ours.close(), theirs.close()]);
      await sql.end({ timeout: 5 });
    },
  };
}

/** A person whom others change, and who never acts. */
async function addMember(sql: postgres.Sql, org: TestOrg): Promise<string> {
  const { id } = await signUpUser(org.stack);
  await sql`update public.users set org_id = ${org.id}, role = 'viewer' where id = ${id}`;
  return id;
}

async function makeActors(stack: TestStack, ours: TestOrg, stranger: TestUser): Promise<Actor[]> {
  const claims = (changes = {}) =>
    userClaims({ sub: ours.admin.id, email: ours.admin.email, iss: `${stack.API_URL}/auth/v1`, ...changes });
  const longAgo = Date.UTC(2020, 0, 15) / 1000;
  const expired = await signShared(claims({ iat: longAgo, exp: longAgo + 3600 }), stack.JWT_SECRET);
  const forged = await signShared(claims(), `${randomUUID()}${randomUUID()}`);
  const known = ROLES.map((role) => ({ name: role, role, person: ours.users[role] as TestUser }));
  return [
    { name: "no key", refusal: 401, client: keylessClient(stack) },
    { name: "anon", refusal: 401, client: clientWith(stack) },
    { name: "expired token", token: expired, refusal: 401, client: clientWith(stack, { token: expired }) },
    { name: "forged token", token: forged, refusal: 401, client: clientWith(stack, { token: forged }) },
    { name: "no organisation", token: stranger.token, refusal: 403, client: clientWith(stack, stranger) },
    ...known.map(({ name, role, person }) => ({
      name,
      role,
      token: person.token,
      refusal: 403 as const,
      client: clientWith(stack, person),
    })),
  ];
}
