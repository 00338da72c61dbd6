create function private.forget_job_state()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.job_states s where s.job_id = new.id;
  delete from private.job_items l where l.job_id = new.id;
  return null;
end;
$$;
comment on function private.forget_job_state() is
  'Trigger: deletes the progress of a job that has ended; its result stays. Security definer: no other role may write these '
  'tables.';
