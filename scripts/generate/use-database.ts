// A migrated database for as long as a script needs one: the given one, or that of a stack that is started and thrown away.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeData } from "local-supabase";
import { findFreePortBase } from "../stack/ports.ts";
import { startStack } from "../stack/start-stack.ts";

/** @param databaseUrl of the role postgres; if none is given, a stack is started on free ports */
export async function useDatabase<T>(
  databaseUrl: string | undefined,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) return await work(databaseUrl);
  const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-check-"));
  try {
    const portBase = await findFreePortBase();
    const stack = await startStack({ portBase, dataDir, durable: false, watch: false });
    try {
      return await work(stack.env.DB_URL);
    } finally {
      await stack.stop();
    }
  } finally {
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  }
}
