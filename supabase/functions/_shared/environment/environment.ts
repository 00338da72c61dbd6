// The one door to environment variables, in Deno and in Node. Each is read when it is needed, and a missing one is named.

/** Where variables come from: undefined where one is not set. */
export type ReadVariable = (name: string) => string | undefined;

export interface Environment {
  /** A variable, undefined where it is not set or empty. */
  get(name: string): string | undefined;
  /** A variable that must be set. @throws Error naming it */
  require(name: string): string;
  /** The project's URL, without a slash at the end. */
  readonly supabaseUrl: string;
  /** The key a browser may have: identifies the project, decides nothing. */
  readonly publishableKey: string;
  /** The key that bypasses RLS: storage and imports only. */
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
  // Projects made before 2026 have single legacy keys in place of the JSON of named ones.
  const namedKey = (name: string, legacy: string) => {
    const json = get(name);
    if (json === undefined) return get(legacy) ?? required(name);
    const key = parseKeys(name, json).default;
    if (typeof key !== "string")
      throw new Error(`The environment variable ${name} has no key named "default".`);
    return key;
  };
  return {
    get,
    require: required,
    get supabaseUrl() {
      return required("SUPABASE_URL").replace(/(?<!\/)\/+$/, "");
    },
    get publishableKey() {
      return namedKey("SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY");
    },
    get secretKey() {
      return namedKey("SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY");
    },
  };
}

function parseKeys(name: string, json: string): Record<string, unknown> {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(
      `The environment variable ${name} is not JSON: it should look like {"default": "sb_..."}.`,
    );
  }
}

interface Runtime {
  Deno?: { env: { get(name: string): string | undefined } };
  process?: { env: Record<string, string | undefined> };
}

function readProcessVariable(name: string): string | undefined {
  const runtime = globalThis as Runtime;
  return runtime.Deno ? runtime.Deno.env.get(name) : runtime.process?.env[name];
}
