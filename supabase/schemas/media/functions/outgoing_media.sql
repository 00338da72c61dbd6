-- Files on their way to Twilio, which fetches them from our own address.

create function private.media_secret()
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret text := private.vault_secret('media_secret');
begin
  if v_secret is null then
    perform pg_advisory_xact_lock(hashtextextended('media_secret', 0));
    v_secret := private.vault_secret('media_secret');
    if v_secret is null then
      v_secret := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      perform vault.create_secret(v_secret, 'media_secret', 'Signs the addresses at which Twilio fetches files');
    end if;
  end if;
  return v_secret;
end;
$$;
comment on function private.media_secret() is
  'The secret that signs the addresses at which Twilio fetches files. It is made when it is first needed; delete it in Vault to '
  'make all addresses invalid within a minute. Security definer: the worker may not read Vault.';
grant execute on function private.media_secret() to worker;

create function private.outgoing_media(p_media_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('org_id', m.org_id, 'path', m.path, 'content_type', m.content_type, 'bytes', m.bytes)
    from public.message_media m
    where m.id = p_media_id and m.direction = 'outbound' and m.state = 'stored' and m.message_id is not null);
end;
$$;
comment on function private.outgoing_media(uuid) is
  'A file that was attached to a message: {org_id, path, content_type, bytes}; null for any other id. The caller has checked the '
  'address''s signature. Security definer: the worker may not read the table.';
grant execute on function private.outgoing_media(uuid) to worker;
