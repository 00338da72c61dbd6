// What working off imports needs.
import type { Direct } from "../../_shared/db/direct.ts";
import type { Log } from "../../_shared/http/log.ts";
import type { FileStore } from "../../_shared/storage/file-store.ts";

export interface DrainImportsDeps {
  /** A direct connection that may execute the import functions. */
  sql: Direct;
  storage: FileStore;
  budget: ChunkBudget;
  log: Log;
}

export interface ChunkBudget {
  /**
   * Called before each chunk, which mostly takes 0.1 s of CPU and under 1 s of time; what it returns is called after the chunk.
   * If it returns undefined, no more are begun.
   */
  begin(): (() => void) | undefined;
  /** Called with the CPU that making a chunk's rows took: files with many phones take several times as much as others. */
  tookCpu(ms: number): void;
}
