// The highest number of clients connected to the database.
import postgres from "postgres";

const SAMPLE_MS = 50;

/** Counts every 50 ms; its own connection is not counted. */
export async function watchConnections(adminUrl: string): Promise<{ stop(): Promise<number> }> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  let most = 0;
  const look = async () => {
    const [row] = await sql`
      select count(*)::integer as n from pg_catalog.pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    most = Math.max(most, row?.n);
  };
  await look();
  const timer = setInterval(look, SAMPLE_MS);
  return {
    async stop() {
      clearInterval(timer);
      await look();
      await sql.end();
      return most;
    },
  };
}
