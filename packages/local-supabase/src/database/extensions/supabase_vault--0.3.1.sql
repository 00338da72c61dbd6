-- supabase_vault stand-in: named secrets, encrypted at rest, readable only through vault.decrypted_secrets.
--
-- Same objects and signatures as the platform's extension. The key lies in the file `vault.key` of the server's data
-- folder, outside every table and every dump; only functions owned by the superuser can read it. Ciphertext is OpenPGP
-- (AES-256 with an integrity check), so a wrong key or an altered row is an error, never garbage.

alter schema vault owner to current_user;

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;
comment on table vault.secrets is 'Encrypted secrets; `secret` is base64 of the ciphertext.';

create function vault._key()
returns text
language sql stable
set search_path = ''
as $$ select pg_catalog.pg_read_file('vault.key') $$;
revoke all on function vault._key() from public;
comment on function vault._key() is 'The root key, read from the data folder; superuser only.';

create function vault._encrypt(plaintext text)
returns text
language sql volatile
set search_path = ''
as $$
  -- s2k-mode 1: the key is 256 random bits, so stretching a pass phrase would only cost time (1 ms against 0.05 ms).
  select pg_catalog.encode(
    @extschema:pgcrypto@.pgp_sym_encrypt(plaintext, vault._key(), 'cipher-algo=aes256, s2k-mode=1'), 'base64')
$$;
revoke all on function vault._encrypt(text) from public;

create function vault._decrypt(ciphertext text)
returns text
language sql stable security definer
set search_path = ''
as $$ select @extschema:pgcrypto@.pgp_sym_decrypt(pg_catalog.decode(ciphertext, 'base64'), vault._key()) $$;
revoke all on function vault._decrypt(text) from public;
comment on function vault._decrypt(text) is 'Security definer: the caller may not read the key, only what it opens.';

create view vault.decrypted_secrets as
  select s.id, s.name, s.description, s.secret, vault._decrypt(s.secret) as decrypted_secret, s.key_id, s.nonce,
    s.created_at, s.updated_at
  from vault.secrets s;
comment on view vault.decrypted_secrets is 'Secrets in clear text; never grant it to API roles.';

create function vault.create_secret(
  new_secret text,
  new_name text default null,
  new_description text default '',
  new_key_id uuid default null
)
returns uuid
language plpgsql security definer
set search_path = ''
as $$
declare
  new_id uuid;
begin
  insert into vault.secrets (secret, name, description, key_id)
  values (vault._encrypt(new_secret), new_name, coalesce(new_description, ''), new_key_id)
  returning id into new_id;
  return new_id;
end
$$;
comment on function vault.create_secret(text, text, text, uuid) is
  'Stores a secret, returns its id; 23505 when the name is taken. Security definer: callers cannot encrypt.';

create function vault.update_secret(
  secret_id uuid,
  new_secret text default null,
  new_name text default null,
  new_description text default null,
  new_key_id uuid default null
)
returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  update vault.secrets s
  set secret = case when new_secret is null then s.secret else vault._encrypt(new_secret) end,
    name = coalesce(new_name, s.name),
    description = coalesce(new_description, s.description),
    key_id = coalesce(new_key_id, s.key_id),
    updated_at = current_timestamp
  where s.id = secret_id;
end
$$;
comment on function vault.update_secret(uuid, text, text, text, uuid) is
  'Changes what is given and keeps the rest. Security definer: callers cannot encrypt.';

revoke all on all functions in schema vault from public;
grant usage on schema vault to postgres with grant option;
grant usage on schema vault to service_role;
grant select, delete, truncate, references on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
grant execute on function vault.create_secret(text, text, text, uuid), vault._decrypt(text),
  vault.update_secret(uuid, text, text, text, uuid) to postgres with grant option;
grant execute on function vault.create_secret(text, text, text, uuid), vault._decrypt(text),
  vault.update_secret(uuid, text, text, text, uuid) to service_role;
