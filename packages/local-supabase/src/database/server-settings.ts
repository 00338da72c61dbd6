// Settings the database server is started with.

/**
 * @param port TCP port on 127.0.0.1, the only place it listens
 * @param durable true waits for the disk at each commit, so data survives a power cut; false is for databases that are
 *   thrown away (a killed process loses nothing either way: the system keeps what was written)
 */
export function serverSettings(port: number, durable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    // Socket paths are limited to about 100 characters, and TCP is what clients use.
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "128MB",
    effective_cache_size: "1GB",
    random_page_cost: 1.1,
    max_wal_size: "1GB",
    wal_level: "replica",
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    // Statements may carry secrets (vault.create_secret), and details carry rows: neither is logged.
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_line_prefix: "%u ",
    shared_preload_libraries: "pg_stat_statements",
    "pg_stat_statements.track": "top",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
