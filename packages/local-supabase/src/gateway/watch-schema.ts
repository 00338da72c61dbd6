// Notices migrations that run beside the gateway, as PostgREST does when hosted: by `notify pgrst, 'reload schema'`,
// which an event trigger also sends after every change of the exposed schema.
import postgres from "postgres";

const eventTriggers = `
create or replace function auth.notify_of_ddl() returns event_trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from pg_catalog.pg_event_trigger_ddl_commands() c where c.schema_name = 'public') then
    notify pgrst, 'reload schema';
  end if;
end
$$;
create or replace function auth.notify_of_drop() returns event_trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from pg_catalog.pg_event_trigger_dropped_objects() d where d.schema_name = 'public') then
    notify pgrst, 'reload schema';
  end if;
end
$$;
do $$ begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'pgrst_ddl_watch') then
    create event trigger pgrst_ddl_watch on ddl_command_end execute function auth.notify_of_ddl();
    create event trigger pgrst_drop_watch on sql_drop execute function auth.notify_of_drop();
  end if;
end $$;`;

// One migration file is one transaction and one notice; several files in a row need one reload.
const quietMs = 100;

/**
 * Takes a superuser's connection and calls `reload` after changes. Returns a function that ends it. Errors: database
 * not reachable. A lost connection is opened again, with one reload for changes that were missed.
 */
export async function watchSchema(
  catalogUrl: string,
  reload: () => Promise<void>,
): Promise<() => Promise<void>> {
  const sql = postgres(catalogUrl, {
    max: 1,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: "gateway schema watch" },
  });
  let timer: NodeJS.Timeout | undefined;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), quietMs);
  };
  await sql.unsafe(eventTriggers);
  let listening = false;
  await sql.listen(
    "pgrst",
    (payload) => payload === "reload schema" && later(),
    () => {
      if (listening) later();
      listening = true;
    },
  );
  return async () => {
    clearTimeout(timer);
    await sql.end({ timeout: 1 });
  };
}
