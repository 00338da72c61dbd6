create function private.note_account_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_table_name = 'twilio_accounts' then
    insert into private.account_checks (org_id) values (new.org_id)
    on conflict (org_id) do update set due_at = '-infinity', failures = 0, last_error = null;
    if tg_op = 'UPDATE' and new.account_sid is distinct from old.account_sid then
      delete from public.a2p_registrations r where r.org_id = new.org_id;
      update public.twilio_accounts a set balance = null, balance_currency = null, balance_checked_at = null
        where a.org_id = new.org_id;
    end if;
  else
    perform private.hasten_account_check(new.org_id);
  end if;
  return null;
end;
$$;
comment on function private.note_account_change() is
  'Trigger: makes the check at Twilio of a new or changed account, or of a number''s own messaging service, due at once, and '
  'deletes what is known about a former account. Security definer: the role that changes them may not write private tables.';
create trigger twilio_accounts_checks_insert after insert on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger twilio_accounts_checks_update after update of account_sid, messaging_service_sid,
  auth_token_secret_id on public.twilio_accounts
  for each row execute function private.note_account_change();
create trigger phone_numbers_checks_insert after insert on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();
create trigger phone_numbers_checks_update after update of messaging_service_sid on public.phone_numbers
  for each row when (new.messaging_service_sid is not null) execute function private.note_account_change();
