// A callback without HTTP and signature: one call of the database by the function's role, one after the other.
import postgres from "postgres";
import type { SentMessage } from "../arrange/add-sent.ts";
import type { BenchOrg } from "../arrange/create-org.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

/** @returns receipts applied a second */
export async function applyDirectly(
  stack: StackProcess,
  org: BenchOrg,
  sent: SentMessage[],
): Promise<number> {
  const sql = postgres(stack.env.WORKER_DB_URL, { max: 1, prepare: false, onnotice: () => {} });
  try {
    await sql`select 1`;
    const started = performance.now();
    for (const { id, attemptId, sid } of sent) {
      const [row] = await sql`
        select private.apply_receipt(${org.id}, ${id}, ${attemptId}, ${sid}, 'delivered', null, null) as result`;
      if (row?.result !== "applied") throw new Error(`A receipt was ${row?.result}.`);
    }
    return (sent.length * 1000) / (performance.now() - started);
  } finally {
    await sql.end();
  }
}
