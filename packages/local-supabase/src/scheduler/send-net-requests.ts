// Sends what net.http_post, http_get and http_delete queued, and writes the answers into net._http_response.
import type postgres from "postgres";

type QueuedRequest = {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Buffer | null;
  timeout_milliseconds: number;
};
type Answer = {
  id: string;
  status_code: number | null;
  content_type: string | null;
  headers: postgres.JSONValue;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
};

/** pg_net's own batch size. */
const BATCH = 200;
/** Answers are kept this long, as when hosted. */
const KEEP = "6 hours";

export type NetSender = { stop(): Promise<void> };

/**
 * Sends batches of up to 200 until stopped, each request at most once: the deletion of its row is committed before it
 * is sent. As in pg_net the next batch waits for the slowest request of this one. `sql` must be a superuser's pool.
 */
export async function sendNetRequests(sql: postgres.Sql, log: (line: string) => void): Promise<NetSender> {
  const abort = new AbortController();
  let working: Promise<void> | undefined;
  let again = false;

  async function drain(): Promise<void> {
    do {
      again = false;
      const batch = await takeBatch(sql);
      if (batch.length === 0) continue;
      const answers = await Promise.all(batch.map((request) => send(request, abort.signal)));
      await sql`insert into net._http_response ${sql(answers)}`;
      if (batch.length === BATCH) again = true;
    } while (again && !abort.signal.aborted);
  }

  function wake(): void {
    again = true;
    working ??= drain()
      .catch((error: Error) => {
        if (!abort.signal.aborted) log(`net: ${error.message}`);
      })
      .finally(() => {
        working = undefined;
        if (again && !abort.signal.aborted) wake();
      });
  }

  const subscription = await sql.listen("net_http_request_queued", wake, wake);
  const pruning = setInterval(() => prune(sql).catch((error: Error) => log(`net: ${error.message}`)), 60_000);
  return {
    async stop() {
      abort.abort();
      clearInterval(pruning);
      await subscription.unlisten().catch(() => undefined);
      await working;
    },
  };
}

async function isInstalled(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql`select to_regclass('net.http_request_queue') is not null as installed`;
  return Boolean(row?.installed);
}

async function takeBatch(sql: postgres.Sql): Promise<QueuedRequest[]> {
  if (!(await isInstalled(sql))) return [];
  return sql<QueuedRequest[]>`
    delete from net.http_request_queue
    where id in (select id from net.http_request_queue order by id limit ${BATCH} for update skip locked)
    returning id, method, url, headers, body, timeout_milliseconds`;
}

async function prune(sql: postgres.Sql): Promise<void> {
  if (!(await isInstalled(sql))) return;
  await sql`delete from net._http_response where created < now() - ${KEEP}::interval`;
}

async function send(request: QueuedRequest, stopping: AbortSignal): Promise<Answer> {
  const answer: Answer = {
    id: request.id,
    status_code: null,
    content_type: null,
    headers: null,
    content: null,
    timed_out: false,
    error_msg: null,
  };
  const timeout = AbortSignal.timeout(request.timeout_milliseconds);
  try {
    const response = await fetch(request.url, {
      method: request.method.toUpperCase(),
      headers: request.headers ?? {},
      body: request.body && request.method.toUpperCase() !== "GET" ? new Uint8Array(request.body) : undefined,
      redirect: "manual",
      signal: AbortSignal.any([timeout, stopping]),
    });
    answer.content = (await response.text()).replaceAll("\0", "");
    answer.status_code = response.status;
    answer.content_type = response.headers.get("content-type");
    answer.headers = Object.fromEntries(response.headers);
  } catch (error) {
    answer.timed_out = timeout.aborted;
    answer.error_msg = timeout.aborted
      ? `Timeout of ${request.timeout_milliseconds} ms reached`
      : reasonOf(error as Error & { cause?: Error });
  }
  return answer;
}

/** fetch's own message is always "fetch failed"; the cause says why. */
function reasonOf(error: Error & { cause?: Error }): string {
  return error.cause?.message || error.message;
}
