create function private.vault_secret(p_name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select s.decrypted_secret from vault.decrypted_secrets s where s.name = p_name;
$$;
comment on function private.vault_secret(text) is
  'A secret from Vault by name; null if there is none. Security definer: only the owner, whose rights cron jobs have, may call '
  'it.';
