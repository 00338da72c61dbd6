// The contents of the schema documents, read from the database's catalog in a fixed order.
import postgres from "postgres";
import { type CatalogFunction, readFunctions } from "./read-functions.ts";
import { type PlatformLines, readPlatform } from "./read-platform.ts";
import { type ForeignKey, type Relation, readForeignKeys, readRelations } from "./read-relations.ts";
import { type Job, type Queue, readJobs, readQueues, readTasks, type Task } from "./read-schedule.ts";
import { type CatalogType, readTypes } from "./read-types.ts";

export interface Catalog {
  relations: Relation[];
  foreignKeys: ForeignKey[];
  types: CatalogType[];
  functions: CatalogFunction[];
  tasks: Task[];
  jobs: Job[];
  queues: Queue[];
  platform: PlatformLines;
}

/** @param databaseUrl a database with all migrations applied, as a role that sees all of the catalog */
export async function readCatalog(databaseUrl: string): Promise<Catalog> {
  // Fixed styles, so that constants look the same everywhere.
  const connection = { TimeZone: "UTC", DateStyle: "ISO, YMD", IntervalStyle: "postgres" };
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {}, connection });
  try {
    // No search path, so that every name is printed with its schema.
    await sql`select set_config('search_path', '', false)`;
    return {
      relations: await readRelations(sql),
      foreignKeys: await readForeignKeys(sql),
      types: await readTypes(sql),
      functions: await readFunctions(sql),
      tasks: await readTasks(sql),
      jobs: await readJobs(sql),
      queues: await readQueues(sql),
      platform: await readPlatform(sql),
    };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
