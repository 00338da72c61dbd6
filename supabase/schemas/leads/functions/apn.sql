-- What the filters and the search box need of leads and of what hangs on them: parcel numbers in what is searched, a rank to sort
-- scores by, whether campaigns wrote to a lead at all, and an index for every filter that may name something rare.

create function private.apn_text(p_apns text[])
returns text
language sql
immutable
set search_path = ''
as $$
  select coalesce(string_agg(
    a.apn || case when a.bare <> a.apn and a.bare <> '' then ' ' || a.bare else '' end, ' ' order by a.n), '')
  from (
    select x.apn, regexp_replace(x.apn, '[^[:alnum:]]', '', 'g') as bare, x.n
    from unnest(p_apns) with ordinality x (apn, n) where x.apn is not null
  ) a;
$$;
comment on function private.apn_text(text[]) is
  'leads.apn_text of a lead with these parcel numbers, in their order: each as written, and bare where it has punctuation.';
grant execute on function private.apn_text(text[]) to service_role;
