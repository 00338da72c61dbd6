// The URL of a platform's database.

/** URL of the database `postgres` on this machine's port, for a login role. */
export function databaseUrl(port: number, role: string, password: string): string {
  return `postgresql://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
}
