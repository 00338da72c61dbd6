// The only place that reads environment variables, in Deno and in Node. Each is read when it is needed; the error about a missing
// one names it.

/** Reads a variable; undefined if it is not set. */
export type ReadVariable = (name: string) => string | undefined;

export interface Environment {
  /** A variable; undefined if it is not set or empty. */
  get(name: string): string | undefined;
  /** A variable that must be set. @throws Error naming it */
  require(name: string): string;
  /** The project's URL, without a slash at the end. */
  readonly supabaseUrl: string;
  /** The key that a browser may have: it identifies the project and gives no rights. */
  readonly publishableKey: string;
  /** The key that bypasses row-level security: for Storage only. */
  readonly secretKey: string;
}

/** The environment of this process, or one made from `read` in tests. */
export function readEnvironment(read: ReadVariable = readProcessVariable): Environment {
  const get = (name: string) => read(name) || undefined;
  const required = (name: string) => {
    const value = get(name);
    if (value === undefined) throw new Error(`The environment variable ${name} is not set.`);
    return value;
  };
  // Keys may be renamed and replaced. If none is named "default", any key of the kind will do, since all have the same rights.
  // Projects made before 2026 have a legacy key of each kind.
  const anyKey = (name: string, legacy: string) => {
    const keys = parseKeys(name, get(name) ?? "{}");
    return keys.default ?? Object.values(keys)[0] ?? get(legacy) ?? required(name);
  };
  return {
    get,
    require: required,
    get supabaseUrl() {
      return required("SUPABASE_URL").replace(/(?<!\/)\/+$/, "");
    },
    get publishableKey() {
      return anyKey("SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY");
    },
    get secretKey() {
      return anyKey("SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY");
    },
  };
}

function parseKeys(name: string, json: string): Record<string, string> {
  let keys: unknown;
  try {
    keys = JSON.parse(json);
  } catch {
    keys = undefined;
  }
  const isRecord = typeof keys === "object" && keys !== null && !Array.isArray(keys);
  if (isRecord && Object.values(keys as object).every((key) => typeof key === "string"))
    return keys as Record<string, string>;
  throw new Error(
    `The environment variable ${name} is not JSON of named keys: it should look like {"default": "sb_..."}.`,
  );
}

interface Runtime {
  Deno?: { env: { get(name: string): string | undefined } };
  process?: { env: Record<string, string | undefined> };
}

function readProcessVariable(name: string): string | undefined {
  const runtime = globalThis as Runtime;
  return runtime.Deno ? runtime.Deno.env.get(name) : runtime.process?.env[name];
}
