// The statement that opens a request's transaction and sets the identity of the caller.

export type RequestIdentity = {
  role: string;
  userId: string;
  claims: unknown;
  storageOperation?: string;
};

export type RequestOfFunction = {
  method: string;
  path: string;
  readOnly: boolean;
  requestHeaders?: Record<string, string>;
};

// The hosted platform's limits per role; service_role inherits authenticator's 8 s.
const statementTimeouts: Record<string, string> = { anon: "3s", authenticated: "8s" };

function literal(text: string): string {
  // NUL cannot occur in a Postgres string, and a backslash is plain text under standard_conforming_strings.
  return `'${text.replaceAll("\0", "").replaceAll("'", "''")}'`;
}

/**
 * Takes the identity (null: none, as the connection's own role) and, for /rpc, the request. Returns SQL for the simple
 * protocol: `begin` and every setting in one round trip (one each cost about 10 ms a request).
 */
export function describeRequestSettings(
  identity: RequestIdentity | null,
  rpc: RequestOfFunction | undefined,
): string {
  const settings: [string, string][] = [];
  if (identity) {
    settings.push(
      ["statement_timeout", statementTimeouts[identity.role] ?? "8s"],
      ["request.jwt.claim.sub", identity.userId],
      ["request.jwt.claim.role", identity.role],
      ["request.jwt.claims", identity.claims ? JSON.stringify(identity.claims) : ""],
      ["storage.operation", identity.storageOperation ?? ""],
    );
  }
  if (rpc) {
    settings.push(
      ["response.status", ""],
      ["response.headers", ""],
      ["request.method", rpc.method],
      ["request.path", rpc.path],
      ["request.headers", JSON.stringify(rpc.requestHeaders ?? {})],
    );
  }
  // Last, because the settings above must not need any right of the role.
  if (identity) settings.push(["role", identity.role]);
  const begin = rpc?.readOnly ? "begin read only;" : "begin;";
  if (settings.length === 0) return begin;
  const calls = settings.map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, true)`);
  return `${begin} select ${calls.join(", ")};`;
}
