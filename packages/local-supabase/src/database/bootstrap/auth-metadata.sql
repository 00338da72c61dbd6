-- Makes metadata of users JSON objects, as hosted Auth stores them: the Auth server here hands over JSON text, which jsonb
-- keeps as one string, and `raw_user_meta_data ->> 'full_name'` would be null in every trigger. Can be run again.

create or replace function auth.unwrap_json_text()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_table_name = 'users' then
    if pg_catalog.jsonb_typeof(new.raw_user_meta_data) = 'string' then
      new.raw_user_meta_data := (new.raw_user_meta_data #>> '{}')::jsonb;
    end if;
    if pg_catalog.jsonb_typeof(new.raw_app_meta_data) = 'string' then
      new.raw_app_meta_data := (new.raw_app_meta_data #>> '{}')::jsonb;
    end if;
  elsif pg_catalog.jsonb_typeof(new.identity_data) = 'string' then
    new.identity_data := (new.identity_data #>> '{}')::jsonb;
  end if;
  return new;
end
$$;
alter function auth.unwrap_json_text() owner to supabase_auth_admin;
comment on function auth.unwrap_json_text() is 'Trigger: JSON handed over as text becomes the object it describes.';

create or replace trigger unwrap_json_text before insert or update on auth.users
  for each row execute function auth.unwrap_json_text();
create or replace trigger unwrap_json_text before insert or update on auth.identities
  for each row execute function auth.unwrap_json_text();
