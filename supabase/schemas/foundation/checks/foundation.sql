create function private.uuid_v7()
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  -- PL/pgSQL, not SQL: a SQL function with a fixed search_path can't be inlined, and cost four times as much.
  -- The first 8 bytes: 48 bits of milliseconds, 4 of the version, and 12 with the rest of the time, in steps of a quarter of a
  -- microsecond. Rows of one transaction have the same now(): only their ids tell in which order they were written.
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing int8send(((v_now / 1000) << 16) | (7 << 12) | ((v_now % 1000) * 4096 / 1000))
      from 1 for 8
    ),
    'hex'
  )::uuid;
end;
$$;
comment on function private.uuid_v7() is
  'A time-ordered UUID, version 7 (RFC 9562, sections 5.7 and 6.2), with the time in microseconds.';
