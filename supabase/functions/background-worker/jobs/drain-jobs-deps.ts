// What working off jobs needs.
import type { Direct } from "../../_shared/db/direct.ts";
import type { Log } from "../../_shared/http/log.ts";
import type { FileStore } from "../../_shared/storage/file-store.ts";

export interface DrainJobsDeps {
  /** A direct connection that may execute the job functions. */
  sql: Direct;
  storage: FileStore;
  log: Log;
}
