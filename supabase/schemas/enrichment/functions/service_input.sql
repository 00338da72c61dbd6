-- What an admin may store about an enrichment service. It is checked here, where it is stored, because every signed-in person can
-- call rpc/save_enrichment_service with any values, and the values drive calls that the worker makes.

create function private.is_public_address(p_host text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_address inet;
begin
  begin
    v_address := p_host::inet;
  exception when others then
    return false;
  end;
  return case family(v_address)
    when 4 then not v_address <<= any (array[
      '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12',
      '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24',
      '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3']::inet[])
    -- Only 2000::/3 is allocated. In it, ranges that stand for IPv4 (6to4, Teredo) or are not assigned to anybody are left out.
    else v_address <<= '2000::/3' and not v_address <<= any (
      '{2001::/23,2001:db8::/32,2002::/16,2620:4f:8000::/48,3fff::/20}'::inet[])
  end;
end;
$$;
comment on function private.is_public_address(text) is
  'Whether a text is an address (IPv4 or IPv6, without brackets) of the public Internet; false if it is not an address. Has the '
  'same networks as _shared/external/public-address.ts, with which the worker checks each call.';

create function private.read_service_url(p_url text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_host text;
begin
  if length(p_url) > 2000 then
    return 'A URL has at most 2000 characters.';
  end if;
  if p_url !~ '^[!-~]+$' or position('\' in p_url) > 0 or position('#' in p_url) > 0 then
    return 'Write the URL in ASCII, without spaces, backslashes or a part after #. Write other characters as %xx, and an '
      'international name as xn--.';
  end if;
  -- The worker calls such a URL only while Twilio is a simulator on this machine.
  if p_url ~* '^http://(localhost|127[.]0[.]0[.]1|\[::1\])(:[0-9]{1,5})?([/?].*)?$' then
    return null;
  end if;
  v_host := regexp_replace(lower(substring(p_url from '^[Hh][Tt][Tt][Pp][Ss]://([^/?@]+)(?:[/?].*)?$')), ':443$', '');
  if v_host is null then
    return 'Write an https URL such as https://api.example.com/v1, without user name and password, and without a port.';
  end if;
  if v_host ~ '^\[.*\]$' then
    v_host := btrim(v_host, '[]');
    return case when v_host !~ '^[0-9a-f:.]+$' or not private.is_public_address(v_host)
      then 'Only addresses of the public Internet are called, no private or local one.' end;
  end if;
  if v_host !~ '^[a-z0-9.-]{1,253}$' or v_host ~ '(^|[.])[.-]|-[.]|[.-]$' then
    return 'Write the name of a host such as api.example.com, without a port other than 443.';
  end if;
  -- A name that ends in a number is read as an address, also an octal or hexadecimal number.
  if v_host ~ '(^|[.])(0x[0-9a-f]*|[0-9]+)$' then
    return case when v_host !~ '^(0|[1-9][0-9]{0,2})([.](0|[1-9][0-9]{0,2})){3}$' or not private.is_public_address(v_host)
      then 'Only addresses of the public Internet are called, no private or local one.' end;
  end if;
  if v_host !~ '[.]' or v_host ~ '[.](localhost|local|internal|intranet|lan|home|corp|localdomain|private|arpa|onion)$' then
    return 'Only addresses of the public Internet are called, no private or local one.';
  end if;
  return null;
end;
$$;
comment on function private.read_service_url(text) is
  'The reason why a service may not be at this URL; null if it may: https, port 443, a public name or address. http to this '
  'machine is accepted here, but called only while Twilio is a simulator on it. Host names are resolved and checked at each '
  'call, by _shared/external.';

create function private.check_service_request(p_kind text, p_request jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_known constant text[] := case p_kind
    when 'property' then '{apn,county,state,situs,property_type,acreage,estimated_value}'::text[]
      else '{phones,phones10}'::text[] end;
  v_choice constant text := (select string_agg('{' || k || '}', ', ') from unnest(v_known) k);
  v_asked text[];
  v_stray text;
begin
  if jsonb_typeof(p_request) is distinct from 'object' then
    perform private.refuse_field('request', 'Give a JSON object: what the service is sent.');
  end if;
  if length(p_request::text) > 10000 then
    perform private.refuse_field('request', 'The request of a service may have at most 10,000 characters.');
  end if;
  if jsonb_path_exists(p_request, 'lax $.**{9 to last}') then
    perform private.refuse_field('request', 'The request of a service may be nested at most 8 levels deep.');
  end if;
  if (select count(*) from jsonb_path_query(p_request, 'lax $.**')) > 300 then
    perform private.refuse_field('request', 'The request of a service may have at most 300 values.');
  end if;
  v_asked := array(select distinct m[1] from regexp_matches(p_request::text, '\{(\w+)\}', 'g') m order by 1);
  select a into v_stray from unnest(v_asked) a where a <> all (v_known) limit 1;
  if v_stray is not null then
    perform private.refuse_field('request', format('There is no {%s}: use %s.', left(v_stray, 50), v_choice));
  end if;
  if cardinality(v_asked) = 0 then
    perform private.refuse_field('request', format('It asks about nothing: use %s.', v_choice));
  end if;
end;
$$;
comment on function private.check_service_request(text, jsonb) is
  'Raises PT422 if the request of a service of kind p_kind (property, scrub) is not an object, is too long, deep or wide, or '
  'contains an unknown placeholder or none.';

create function private.check_service_map(p_kind text, p_map jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_known constant text[] := case p_kind
    when 'property' then '{apn,county,state,situs,property_type,acreage,estimated_value}'::text[]
      else '{results,phone,dnc,litigator,hits_only}'::text[] end;
  v_row record;
begin
  if jsonb_typeof(p_map) is distinct from 'object' then
    perform private.refuse_field('field_map', 'Give a JSON object: field to path.');
  end if;
  for v_row in select m.key, m.value from jsonb_each(p_map) m loop
    if v_row.key <> all (v_known) then
      perform private.refuse_field('field_map', format('There is no field %s: use %s.', left(v_row.key, 50),
        array_to_string(v_known, ', ')));
    elsif v_row.key = 'hits_only' then
      if jsonb_typeof(v_row.value) <> 'boolean' then
        perform private.refuse_field('field_map.hits_only', 'Give true or false.');
      end if;
    elsif jsonb_typeof(v_row.value) <> 'string' or length(v_row.value #>> '{}') > 200
      or v_row.value #>> '{}' !~ '^[A-Za-z0-9_-]+(\[[0-9]{1,4}\])*([.][A-Za-z0-9_-]+(\[[0-9]{1,4}\])*)*$' then
      perform private.refuse_field('field_map.' || v_row.key,
        'Write a path into the answer such as parcel.acres or results[0].value.');
    end if;
  end loop;
  if p_kind = 'property' and p_map = '{}' then
    perform private.refuse_field('field_map', 'Map at least one field.');
  elsif p_kind = 'scrub' and not p_map ? 'phone' then
    perform private.refuse_field('field_map.phone', 'Map the phone.');
  elsif p_kind = 'scrub' and not p_map ?| '{dnc,litigator}' then
    perform private.refuse_field('field_map.dnc', 'Map dnc, litigator or both.');
  end if;
end;
$$;
comment on function private.check_service_map(text, jsonb) is
  'Raises PT422 if the map of a service''s answer (field to path, such as {"acreage": "parcel.acres"}) does not suit its kind '
  '(property, scrub).';

create function private.check_service_number(p_field text, p_value jsonb, p_least integer, p_most integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if jsonb_typeof(p_value) <> 'number' or p_value::numeric <> trunc(p_value::numeric)
    or p_value::numeric not between p_least and p_most then
    perform private.refuse_field(p_field, format('Give a whole number from %s to %s.', p_least, p_most));
  end if;
end;
$$;
comment on function private.check_service_number(text, jsonb, integer, integer) is
  'Raises PT422 naming the field if a value is not a whole number from p_least to p_most.';

create function private.service_origin(p_url text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(lower(substring(p_url from '^[A-Za-z]+://[^/?#]*')), '^(https://.*):443$', '\1');
$$;
comment on function private.service_origin(text) is
  'Scheme, host and port of a service''s URL, without path and query, which may contain credentials. The secret is sent only to '
  'this origin.';

create function private.service_host(p_url text)
returns text
language sql
immutable
set search_path = ''
as $$
  select regexp_replace(private.service_origin(p_url), '^[a-z]+://(.*@)?', '');
$$;
comment on function private.service_host(text) is
  'Host and port of a service''s URL: the part that people who must not know its keys may see.';
