// Lite's Postgres connection with its known faults corrected: no grants of its own, one round trip per request, one
// introspection at a time.
import type { ConnectionContextOptions, IntrospectResult, VarsContext } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { CompiledQuery, Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { castJsonArguments } from "./cast-json-arguments.ts";
import { completeDatabaseError } from "./complete-database-error.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { copyArrayTypes } from "./copy-array-types.ts";
import { describeRequestSettings, type RequestIdentity } from "./describe-request-settings.ts";

type Database = Kysely<unknown>;
type Config = ConstructorParameters<typeof PostgresConnection>[0];

const apiRoles = new Set(["anon", "authenticated", "service_role"]);

// Postgres would refuse most of them, but not the connection's own role, which acts for auth and storage here.
function refuseRole(role: string): Error {
  return Object.assign(new Error(`permission denied to set role "${role}"`), { code: "42501" });
}

function identityOf(vars: VarsContext | undefined): RequestIdentity | null {
  if (!vars) return null;
  const auth = vars.auth as { uid?: unknown; role?: unknown; jwt?: unknown } | undefined;
  const storage = vars.storage as { operation?: string | null } | undefined;
  return {
    role: typeof auth?.role === "string" && auth.role ? auth.role : "anon",
    userId: String(auth?.uid ?? ""),
    claims: auth?.jwt ?? null,
    storageOperation: storage?.operation ?? undefined,
  };
}

export class LiteConnection extends PostgresConnection {
  private introspecting: Promise<IntrospectResult> | null = null;

  private readonly pool: ReturnType<typeof createConnectionPool>;
  private readonly drivers = new Set<PostgresConnection["driver"]>();
  private typeSource: PostgresConnection["driver"] | null = null;

  /** `catalogUrl` is a superuser's: the information schema shows others only what they may touch themselves. */
  constructor(
    private readonly settings: Config,
    maxConnections: number,
    private readonly catalogUrl: string,
  ) {
    super(settings);
    this.pool = createConnectionPool(maxConnections, (onclose) => {
      // Lite's own driver settings, for one connection. No `max_lifetime`: it could end in the middle of a request.
      const forget = () => {
        this.drivers.delete(driver);
        onclose();
      };
      const own = { max: 1, max_lifetime: null, fetch_types: false, onclose: forget };
      const { driver } = new PostgresConnection({
        ...settings,
        postgresOptions: { ...settings.postgresOptions, ...own },
      });
      if (this.typeSource) copyArrayTypes(this.typeSource, driver);
      this.drivers.add(driver);
      return driver;
    });
    this.kysely = new Kysely({ dialect: new PostgresJSDialect({ postgres: this.pool }) });
  }

  override async close(): Promise<void> {
    await this.pool.end();
    await super.close();
  }

  /**
   * Runs `fn` as the request's role. Unlike the original it grants nothing: the original gives ALL on every schema that
   * has a policy to every API role at first use, which would hide a missing grant until the first hosted deployment.
   */
  override async withContext<T>(
    vars: VarsContext | undefined,
    // biome-ignore lint/suspicious/noExplicitAny: the signature of the class this overrides
    fn: (db: Kysely<any>) => Promise<T>,
    options?: ConnectionContextOptions,
  ): Promise<T> {
    const identity = identityOf(vars);
    if (identity && !apiRoles.has(identity.role)) throw refuseRole(identity.role);
    if (options?.transaction) {
      if (identity) await run(options.transaction, settingsInside(identity));
      return fn(options.transaction);
    }
    if (!identity && !options?.forceRollback) return fn(this.kysely);
    return this.kysely.connection().execute(async (db: Database) => {
      try {
        await run(db, describeRequestSettings(identity, options?.rpc));
        const result = await fn(options?.rpc ? db.withPlugin(castJsonArguments) : db);
        await run(db, options?.forceRollback ? "rollback" : "commit");
        return result;
      } catch (error) {
        // Also when the settings fail, as for a role that may not be taken: `begin` has happened by then, and the next
        // request would find the pooled connection inside an aborted transaction.
        // A lost connection cannot roll back; Postgres has already done so, and the first error has the cause.
        await run(db, "rollback").catch(() => {});
        throw error;
      }
    });
  }

  override normalizeDbError(error: unknown): unknown {
    return completeDatabaseError(super.normalizeDbError(error));
  }

  /** Same result as the original; a thousand requests that find the cache empty share one introspection. */
  override async introspect(options?: { useCache?: boolean }): Promise<IntrospectResult> {
    if (options?.useCache === true && this.introspection) return this.introspection;
    this.introspecting ??= this.readCatalog().finally(() => {
      this.introspecting = null;
    });
    return this.introspecting;
  }

  /** Reads the catalog again. Requests see the old schema until the new one is read, and do not wait. */
  async reload(): Promise<void> {
    // An introspection that is under way may have read the catalog before the change.
    await this.introspecting?.catch(() => {});
    await this.introspect();
  }

  private async readCatalog(): Promise<IntrospectResult> {
    const own = { max: 1, connection: { application_name: "gateway catalog" } };
    const catalog = new PostgresConnection({
      url: this.catalogUrl,
      postgresOptions: { ...this.settings.postgresOptions, ...own },
    });
    try {
      // The original answers "no tables" when it cannot connect, which would be cached as the truth.
      await catalog.driver`select 1`;
      this.typeSource = catalog.driver;
      for (const driver of this.drivers) copyArrayTypes(catalog.driver, driver);
      this.introspection = await catalog.introspect();
      return this.introspection;
    } finally {
      await catalog.close();
    }
  }
}

function settingsInside(identity: RequestIdentity): string {
  return describeRequestSettings(identity, undefined).replace(/^begin;\s*/, "");
}

async function run(db: Database, sql: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(sql));
}
