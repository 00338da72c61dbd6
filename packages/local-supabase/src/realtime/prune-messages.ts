/** Deletes broadcasts older than 72 hours, as hosted drops its daily partitions. */
import type { Sql } from "postgres";

const batchSize = 10_000;

/** Takes a connection; returns how many rows it deleted. Short transactions, so senders never wait for it. */
export async function pruneMessages(sql: Sql): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { count } = await sql`
      delete from realtime.messages
      where (id, inserted_at) in (
        select id, inserted_at from realtime.messages
        where inserted_at < now() - interval '72 hours'
        limit ${batchSize}
      )`;
    deleted += count;
    if (count < batchSize) return deleted;
  }
}
