// What a peer's handler does with a job: commits an attempt, posts, records the result. The client is our own worker's.
import postgres from "postgres";
import { createMessage } from "../../../../supabase/functions/_shared/twilio/create-message.ts";
import { order } from "./begin.ts";
import type { Job } from "./protocol.ts";

const { databaseUrl, twilioUrl, account, callbackUrl, concurrency } = order;
/** As many connections as concurrent jobs: none waits for another's commit. */
const sql = postgres(databaseUrl, { max: concurrency, onnotice: () => {} });

/** Opens the connections before the clock runs. */
export async function connect(): Promise<void> {
  await Promise.all(Array.from({ length: concurrency }, () => sql`select pg_sleep(0.1)`));
}

export async function sendJob(job: Job): Promise<void> {
  const attempt = crypto.randomUUID();
  await sql`insert into public.attempts (id, job_id) values (${attempt}, ${job.id})`;
  const result = await post(job, attempt);
  await sql`
    update public.attempts
    set outcome = ${result.outcome}, provider_sid = ${result.provider_sid ?? null}, http_status = ${result.http_status ?? null},
      settled_at = clock_timestamp()
    where id = ${attempt}`;
}

export function post(job: Job, attempt: string) {
  return createMessage(twilioUrl, account, {
    to: job.to,
    from: job.from,
    body: job.body,
    mediaUrls: [],
    messagingServiceSid: null,
    validitySeconds: 36_000,
    statusCallback: `${callbackUrl}?mid=${job.id}&a=${attempt}#rc=3&rp=5xx,ct,rt`,
  });
}
