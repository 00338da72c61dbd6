// Three organisations on one stack: the bystander's, who works; a silent neighbour's, of whom nothing may change; and the
// stranger's, with a person of every role and a row in every table.
import { randomUUID } from "node:crypto";
import { BUCKETS } from "../access/buckets.ts";
import { type Actor, buildWorld, type World as Wall } from "../access/build-world.ts";
import { clientWith } from "../access/clients.ts";
import type { Side } from "../access/fill-org.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { keepSettings } from "./restore-settings.ts";
import type { Caller } from "./targets.ts";
import type { Loot } from "./values.ts";

export interface World {
  stack: TestStack;
  sql: Wall["sql"];
  bystander: TestOrg;
  neighbour: Side;
  stranger: Side;
  callers: Caller[];
  /** What the stranger may know of both others. */
  loot: Loot;
  /** Texts that are only in rows of the others. */
  secrets: string[];
  /** Restores the roles of the stranger's people, which one of them may have changed. */
  restoreRoles(): Promise<void>;
  /** Restores the original settings of the stranger's organisation. */
  restoreSettings(): Promise<void>;
  close(): Promise<void>;
}

/** The pace of the bystander's number: a campaign lasts some seconds. */
const MPS = 50;

export async function openWorld(stack: TestStack): Promise<World> {
  const wall = await buildWorld(stack);
  const bystander = await createOrg(stack, { numbers: 2, mps: MPS });
  const { sql } = wall;
  const stranger = wall.ours;
  const neighbour = wall.theirs;
  await storeFiles(neighbour);
  const people = await sql`select id, role::text, org_id from public.users where org_id = ${stranger.id}`;
  return {
    stack,
    sql,
    bystander,
    neighbour,
    stranger,
    callers: wall.actors.map((actor) => callerOf(stack, actor)),
    loot: {
      ids: [
        ...neighbour.secrets,
        bystander.id,
        bystander.admin.id,
        ...bystander.numbers.map(({ id }) => id),
        ...Object.values(bystander.templates),
      ],
      phones: [...bystander.numbers.map(({ e164 }) => e164), ...phonesOf(neighbour)],
    },
    secrets: [...uniqueTexts(neighbour), bystander.twilio.authToken, neighbour.org.twilio.authToken],
    restoreSettings: await keepSettings(sql, stranger.id),
    async restoreRoles() {
      for (const { id, role, org_id } of people)
        await sql`update public.users set role = ${role}, org_id = ${org_id} where id = ${id} and (role::text, org_id) is distinct from (${role}, ${org_id}::uuid)`;
    },
    async close() {
      await bystander.close();
      await wall.close();
    },
  };
}

/** A file of the neighbour in every bucket, whose loss would be noticed. */
async function storeFiles({ org }: Side): Promise<void> {
  const service = clientWith(org.stack, { key: org.stack.SECRET_KEY });
  for (const bucket of Object.keys(BUCKETS)) {
    const { error } = await service.storage
      .from(bucket)
      .upload(`${org.id}/${randomUUID()}.csv`, new Blob(["Phone\n"]));
    if (error) throw error;
  }
}

function callerOf(stack: TestStack, { name, token }: Actor): Caller {
  if (name === "no key") return { name, headers: {} };
  const key = stack.PUBLISHABLE_KEY;
  return { name, headers: { apikey: key, authorization: `Bearer ${token ?? key}` } };
}

const phonesOf = ({ row }: Side) =>
  [row.lead_phones?.e164, row.conversations?.e164, row.phone_numbers?.e164].filter(Boolean) as string[];

/** Unique texts in an organisation's rows that are not ids of rows: names, contents, digests. */
function uniqueTexts({ row, secrets }: Side): string[] {
  const ids = new Set(secrets);
  return Object.values(row)
    .flatMap((fields) => Object.values(fields))
    .filter((value): value is string => typeof value === "string" && !ids.has(value))
    .filter((value) => /[0-9a-f]{8}-[0-9a-f]{4}-4|[0-9a-f]{32}/.test(value) && value.length > 36);
}
