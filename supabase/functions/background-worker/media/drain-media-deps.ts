// What draining files needs.
import type { Direct } from "../../_shared/db/direct.ts";
import type { Environment } from "../../_shared/environment/environment.ts";
import type { Log } from "../../_shared/http/log.ts";
import type { FileStore } from "../../_shared/storage/file-store.ts";

export interface DrainMediaDeps {
  sql: Direct;
  env: Environment;
  storage: FileStore;
  log: Log;
  /** Asked before each file. @returns call it when the file is done; undefined: nothing more is begun */
  begin(): (() => void) | undefined;
  /** Bytes that went through this isolate. */
  tookBytes(count: number): void;
}
