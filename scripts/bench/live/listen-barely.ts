// The least latency between a change and its listener: the database's own notification, to one connection.
import postgres from "postgres";

export interface BareListener {
  /** Milliseconds from each change to its notification. */
  stop(): Promise<number[]>;
}

export async function listenBarely(adminUrl: string): Promise<BareListener> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  const heard = new Map<string, number>();
  await sql.listen("realtime_messages", (ids) => {
    for (const id of ids.split(",")) heard.set(id, Date.now());
  });
  return {
    async stop() {
      const rows = await sql`
        select id, payload -> 'record' ->> 'updated_at' as at from realtime.messages
        where id = any (${[...heard.keys()]}::uuid[]) and payload ->> 'table' = 'campaign_stats'`;
      await sql.end({ timeout: 5 });
      return rows.map(({ id, at }) => (heard.get(id) as number) - Date.parse(at));
    },
  };
}
