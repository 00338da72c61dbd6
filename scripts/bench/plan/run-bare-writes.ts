// The least that a message costs the database: only the rows that plan, claim and settle must write.
import type postgres from "postgres";
import type { DatabaseCopy } from "../arrange/copy-database.ts";
import type { PlanCounts } from "./plan-options.ts";

/**
 * Plain tables with a primary key, the same batches, connections and commits: a message is inserted, then its attempt with
 * the message's state, then the outcome of both.
 * @returns messages a second
 */
export async function runBareWrites(db: DatabaseCopy, counts: PlanCounts): Promise<number> {
  await db.sql.unsafe(`
    create table public.bare_messages (id uuid primary key, body text, state text not null) with (fillfactor = 80);
    create table public.bare_attempts (id uuid primary key, message_id uuid not null, outcome text not null);
    grant select, insert, update on public.bare_messages, public.bare_attempts to worker;
    grant usage on schema public to worker;`);
  const batches = Math.ceil(counts.messages / counts.batch);
  let next = 0;
  const work = async (sql: postgres.Sql) => {
    while (next++ < batches) await writeBatch(sql, counts.batch);
  };
  const workers = Array.from({ length: counts.connections }, () => db.connectWorker());
  await Promise.all(workers.map((sql) => sql`select 1`));
  const started = performance.now();
  await Promise.all(workers.map(work));
  return ((batches * counts.batch) / (performance.now() - started)) * 1000;
}

const BODY = "Hola Rosa 12, somos Tierras Claras 0. ¿Vende su terreno en Dallas? Responda ALTO para salir.";

async function writeBatch(sql: postgres.Sql, size: number): Promise<void> {
  const messages = await sql`
    insert into public.bare_messages select gen_random_uuid(), ${BODY}, 'queued' from generate_series(1, ${size}) returning id`;
  const ids = messages.map((row) => row.id);
  const attempts = await sql.begin(async (tx) => {
    await tx`update public.bare_messages set state = 'sending' where id = any (${ids}::uuid[])`;
    return await tx`
      insert into public.bare_attempts select gen_random_uuid(), m, 'open' from unnest(${ids}::uuid[]) m returning id, message_id`;
  });
  await sql.begin(async (tx) => {
    await tx`update public.bare_attempts set outcome = 'accepted' where id = any (${attempts.map((row) => row.id)}::uuid[])`;
    await tx`update public.bare_messages set state = 'sent' where id = any (${ids}::uuid[])`;
  });
}
