-- pg_net stand-in: requests are queued by SQL and sent by the scheduler process once their transaction has committed.
--
-- Same tables and signatures as the platform's extension, open to every role as there. At most once: rows are deleted
-- before they are sent. Unlogged: a crash of the server loses both tables, as when hosted.

create schema net;

create domain net.http_method as text
  check (value ilike 'get' or value ilike 'post' or value ilike 'delete');

create unlogged table net.http_request_queue (
  id bigserial,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);
comment on table net.http_request_queue is 'Requests waiting to be sent; rows leave when sending starts.';

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index _http_response_created_idx on net._http_response (created);
comment on table net._http_response is 'Answers, kept for six hours.';

create function net._announce()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('net_http_request_queued', '');
  return null;
end
$$;
comment on function net._announce() is 'Wakes the sender; a notification is delivered only when the transaction commits.';

create trigger announce after insert on net.http_request_queue
  for each statement execute function net._announce();

create function net._urlencode_string(string varchar)
returns text
language sql immutable strict
set search_path = ''
as $$
  select coalesce(pg_catalog.string_agg(
    case
      when byte between 48 and 57 or byte between 65 and 90 or byte between 97 and 122 or byte in (45, 46, 95, 126)
        then pg_catalog.chr(byte)
      else '%' || pg_catalog.upper(pg_catalog.lpad(pg_catalog.to_hex(byte), 2, '0'))
    end, '' order by position), '')
  from pg_catalog.generate_series(0, pg_catalog.octet_length(string::text) - 1) as position,
    lateral (select pg_catalog.get_byte(pg_catalog.convert_to(string::text, 'UTF8'), position)) as encoded (byte)
$$;

create function net._url_with_params(url text, params jsonb)
returns text
language sql immutable
set search_path = ''
as $$
  select url || coalesce(
    case when pg_catalog.strpos(url, '?') > 0 then '&' else '?' end || pg_catalog.string_agg(
      net._urlencode_string(p.key) || '=' || net._urlencode_string(p.value), '&'), '')
  from pg_catalog.jsonb_each_text(coalesce(params, '{}')) as p (key, value)
$$;

create function net._queue_request(
  method text, url text, params jsonb, headers jsonb, body text, timeout_milliseconds integer
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  request_id bigint;
begin
  if url is null or url !~* '^https?://' then
    raise exception 'net: url must start with http:// or https://, got %', coalesce(pg_catalog.quote_literal(url), 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (method, net._url_with_params(url, params), headers, pg_catalog.convert_to(body, 'UTF8'), timeout_milliseconds)
  returning id into request_id;
  return request_id;
end
$$;

create function net.http_get(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000
)
returns bigint
language sql volatile
set search_path = ''
as $$ select net._queue_request('GET', url, params, headers, null, timeout_milliseconds) $$;
comment on function net.http_get(text, jsonb, jsonb, integer) is 'Queues a GET and returns the id its answer will have.';

create function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds integer default 5000
)
returns bigint
language plpgsql volatile
set search_path = ''
as $$
declare
  content_type text;
begin
  select h.value into content_type
  from pg_catalog.jsonb_each_text(coalesce(headers, '{}')) as h (key, value)
  where pg_catalog.lower(h.key) = 'content-type';
  if content_type is null then
    headers := coalesce(headers, '{}') || '{"Content-Type": "application/json"}';
  elsif content_type not ilike 'application/json%' then
    raise exception 'Content-Type header must be "application/json"' using errcode = 'invalid_parameter_value';
  end if;
  return net._queue_request('POST', url, params, headers, body::text, timeout_milliseconds);
end
$$;
comment on function net.http_post(text, jsonb, jsonb, jsonb, integer) is
  'Queues a POST with a JSON body and returns the id its answer will have.';

create function net.http_delete(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000,
  body jsonb default null
)
returns bigint
language sql volatile
set search_path = ''
as $$ select net._queue_request('DELETE', url, params, headers, body::text, timeout_milliseconds) $$;
comment on function net.http_delete(text, jsonb, jsonb, integer, jsonb) is
  'Queues a DELETE and returns the id its answer will have.';

grant usage on schema net to public;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;
