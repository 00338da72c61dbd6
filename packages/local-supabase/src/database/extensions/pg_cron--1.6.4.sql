-- pg_cron stand-in: jobs are rows of cron.job; the scheduler process runs them. Schedules are in GMT.
--
-- Same tables and signatures as the platform's extension. A role sees and changes its own jobs only. Writing goes
-- through functions: `postgres` may read cron.job but not write it, as when hosted.

create schema cron;

create sequence cron.jobid_seq;
create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default inet_server_port(),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);

create sequence cron.runid_seq;
create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

create function cron._announce()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('cron_job_changed', '');
  return null;
end
$$;
create trigger announce after insert or update or delete or truncate on cron.job
  for each statement execute function cron._announce();

create function cron._seconds(schedule text)
returns integer
language sql immutable strict
set search_path = ''
as $$
  select pg_catalog.substring(schedule, '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$')::integer
$$;
comment on function cron._seconds(text) is 'The interval of a ''[1-59] seconds'' schedule, null for any other schedule.';

create function cron._is_field(field text, lowest integer, highest integer, names text[])
returns boolean
language plpgsql immutable
set search_path = ''
as $$
declare
  part text;
  piece text[];
begin
  for i in 1 .. pg_catalog.cardinality(names) loop
    field := pg_catalog.regexp_replace(field, '\m' || names[i] || '\M', (lowest + i - 1)::text, 'gi');
  end loop;
  foreach part in array pg_catalog.string_to_array(field, ',') loop
    -- First and last of a range, the step of a range or of all, a single value.
    piece := pg_catalog.regexp_match(part, '^(?:(?:\*|(\d{1,2})-(\d{1,2}))(?:/(\d{1,2}))?|(\d{1,2}))$');
    if piece is null
      or coalesce(piece[1], piece[4])::integer < lowest
      or coalesce(piece[2], piece[4])::integer > highest
      or piece[2]::integer < piece[1]::integer
      or piece[3]::integer not between 1 and highest then
      return false;
    end if;
  end loop;
  return true;
end
$$;
comment on function cron._is_field(text, integer, integer, text[]) is 'Whether a crontab field is well formed.';

create function cron._is_schedule(schedule text)
returns boolean
language plpgsql immutable strict
set search_path = ''
as $$
declare
  fields text[] := pg_catalog.regexp_split_to_array(pg_catalog.btrim(schedule), '\s+');
begin
  if cron._seconds(schedule) is not null
    or pg_catalog.lower(pg_catalog.btrim(schedule)) = any (
      '{@yearly,@annually,@monthly,@weekly,@daily,@midnight,@hourly}') then
    return true;
  end if;
  return pg_catalog.cardinality(fields) = 5
    and cron._is_field(fields[1], 0, 59, '{}')
    and cron._is_field(fields[2], 0, 23, '{}')
    -- `$` is the last day of the month.
    and (fields[3] = '$' or cron._is_field(fields[3], 1, 31, '{}'))
    and cron._is_field(fields[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}')
    and cron._is_field(fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
end
$$;
comment on function cron._is_schedule(text) is
  'Whether a schedule is well formed: five fields, a name such as @daily, or ''[1-59] seconds''. The scheduler says when it is due.';

create function cron._save(p_owner name, p_name text, p_schedule text, p_command text, p_database text, p_active boolean)
returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
  saved bigint;
begin
  if not pg_catalog.pg_has_role(session_user, p_owner, 'MEMBER') then
    raise exception 'must be able to become role % to schedule a job for it', p_owner
      using errcode = 'insufficient_privilege';
  end if;
  if cron._is_schedule(p_schedule) is not true then
    raise exception 'invalid schedule: %', p_schedule
      using errcode = 'invalid_parameter_value',
        hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  insert into cron.job (schedule, command, database, username, active, jobname)
  values (p_schedule, p_command, coalesce(p_database, pg_catalog.current_database()), p_owner, p_active, p_name)
  on conflict on constraint jobname_username_uniq
    do update set schedule = excluded.schedule, command = excluded.command, database = excluded.database,
      active = excluded.active
  returning jobid into saved;
  return saved;
end
$$;
comment on function cron._save(name, text, text, text, text, boolean) is
  'Writes a job. Security definer: roles may not write cron.job; the owner must be one the session could become.';

create function cron.schedule(schedule text, command text)
returns bigint
language sql
set search_path = ''
as $$ select cron._save(current_user, null, schedule, command, null, true) $$;
comment on function cron.schedule(text, text) is 'Schedules an unnamed job of the calling role, returns its id.';

create function cron.schedule(job_name text, schedule text, command text)
returns bigint
language sql
set search_path = ''
as $$ select cron._save(current_user, job_name, schedule, command, null, true) $$;
comment on function cron.schedule(text, text, text) is
  'Schedules a job of the calling role, or replaces the one of that name; returns its id.';

create function cron.schedule_in_database(
  job_name text, schedule text, command text, database text, username text default null, active boolean default true
)
returns bigint
language sql
set search_path = ''
as $$ select cron._save(coalesce(username, current_user)::name, job_name, schedule, command, database, active) $$;

create function cron._remove(p_owner name, p_job_id bigint, p_name text)
returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  if not pg_catalog.pg_has_role(session_user, p_owner, 'MEMBER') then
    raise exception 'must be able to become role % to unschedule its jobs', p_owner
      using errcode = 'insufficient_privilege';
  end if;
  delete from cron.job j
  where j.username = p_owner and (j.jobid = p_job_id or j.jobname = p_name);
  if not found then
    raise exception 'could not find valid entry for job ''%''', coalesce(p_name, p_job_id::text);
  end if;
  return true;
end
$$;
comment on function cron._remove(name, bigint, text) is
  'Deletes a job by id or name. Security definer: roles may not write cron.job.';

create function cron.unschedule(job_id bigint)
returns boolean
language sql
set search_path = ''
as $$ select cron._remove(current_user, job_id, null) $$;
comment on function cron.unschedule(bigint) is 'Removes a job of the calling role; an error when there is none.';

create function cron.unschedule(job_name text)
returns boolean
language sql
set search_path = ''
as $$ select cron._remove(current_user, null, job_name) $$;
comment on function cron.unschedule(text) is 'Removes a job of the calling role by name; an error when there is none.';

create function cron._alter(
  p_caller name, p_job_id bigint, p_schedule text, p_command text, p_database text, p_username text, p_active boolean
)
returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  if not pg_catalog.pg_has_role(session_user, p_caller, 'MEMBER')
    or not pg_catalog.pg_has_role(session_user, coalesce(p_username, p_caller)::name, 'MEMBER') then
    raise exception 'must be able to become role % to alter its jobs', coalesce(p_username, p_caller)
      using errcode = 'insufficient_privilege';
  end if;
  if not cron._is_schedule(p_schedule) then
    raise exception 'invalid schedule: %', p_schedule
      using errcode = 'invalid_parameter_value',
        hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  update cron.job j
  set schedule = coalesce(p_schedule, j.schedule),
    command = coalesce(p_command, j.command),
    database = coalesce(p_database, j.database),
    username = coalesce(p_username, j.username),
    active = coalesce(p_active, j.active)
  where j.jobid = p_job_id and j.username = p_caller;
  if not found then
    raise exception 'Job % does not exist or you don''t own it', p_job_id;
  end if;
end
$$;
comment on function cron._alter(name, bigint, text, text, text, text, boolean) is
  'Changes what is given of a job. Security definer: roles may not write cron.job.';

create function cron.alter_job(
  job_id bigint,
  schedule text default null,
  command text default null,
  database text default null,
  username text default null,
  active boolean default null
)
returns void
language sql
set search_path = ''
as $$ select cron._alter(current_user, job_id, schedule, command, database, username, active) $$;
comment on function cron.alter_job(bigint, text, text, text, text, boolean) is
  'Changes what is given of a job of the calling role.';

revoke all on all functions in schema cron from public;
grant usage on schema cron to postgres with grant option;
grant select on cron.job to postgres with grant option;
grant all on cron.job_run_details to postgres with grant option;
grant execute on all functions in schema cron to postgres with grant option;
