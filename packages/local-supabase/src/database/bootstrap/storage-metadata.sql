-- Makes metadata of files JSON objects, as hosted Storage stores them: the server here hands over JSON text, which jsonb keeps as
-- one string, and `metadata ->> 'size'` would be null. Can be run again.

create or replace function storage.unwrap_json_text()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if pg_catalog.jsonb_typeof(new.metadata) = 'string' then
    new.metadata := (new.metadata #>> '{}')::jsonb;
  end if;
  return new;
end
$$;
alter function storage.unwrap_json_text() owner to supabase_storage_admin;
comment on function storage.unwrap_json_text() is 'Trigger: JSON handed over as text becomes the object it describes.';

create or replace trigger unwrap_json_text before insert or update on storage.objects
  for each row execute function storage.unwrap_json_text();
