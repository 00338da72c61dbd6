create table public.sending_limits (
  org_id uuid primary key references public.orgs (id) on delete cascade,
  opt_out_rate numeric(6, 5) not null default 0.03 check (opt_out_rate between 0 and 1),
  opt_out_volume integer not null default 100 check (opt_out_volume between 1 and 1000000),
  filtered_rate numeric(6, 5) not null default 0.03 check (filtered_rate between 0 and 1),
  filtered_volume integer not null default 50 check (filtered_volume between 1 and 1000000),
  unknown_rate numeric(6, 5) not null default 0.02 check (unknown_rate between 0 and 1),
  unknown_volume integer not null default 100 check (unknown_volume between 1 and 1000000),
  failed_rate numeric(6, 5) not null default 0.15 check (failed_rate between 0 and 1),
  failed_volume integer not null default 100 check (failed_volume between 1 and 1000000),
  segment_price numeric(10, 5) not null default 0.0083 check (segment_price between 0 and 99),
  carrier_fee numeric(10, 5) not null default 0.0045 check (carrier_fee between 0 and 99),
  mms_price numeric(10, 5) not null default 0.022 check (mms_price between 0 and 99),
  daily_spending_limit numeric(12, 2) check (daily_spending_limit between 0 and 9999999),
  min_balance numeric(12, 2) default 10 check (min_balance between 0 and 9999999),
  a2p_required boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.sending_limits is
  'An organisation''s limits. Rates are shares of the messages of the last 24 hours: if a share of at least volume messages is '
  'more than its rate, the campaign is paused (filtered also quarantines a number). A rate of 1 is never exceeded.';
comment on column public.sending_limits.opt_out_rate is 'Opt-outs that answer a campaign, as a share of its sent messages.';
comment on column public.sending_limits.filtered_rate is
  'Messages filtered by Twilio or a carrier (30007), as a share of the sent messages of a campaign or a number.';
comment on column public.sending_limits.unknown_rate is
  'Sends whose outcome the first look at Twilio''s list did not show, as a share of sent and unknown ones.';
comment on column public.sending_limits.failed_rate is
  'Targets that failed or were undelivered for another reason than filtering, as a share of sent and failed ones.';
comment on column public.sending_limits.segment_price is
  'US dollars a segment: Twilio''s list price for the US in 2026. Set it to what your account pays.';
comment on column public.sending_limits.carrier_fee is
  'US dollars a segment that carriers add on 10DLC: 0.0035 (AT&T) to 0.0045 (T-Mobile, Verizon, US Cellular) in 2026. The '
  'default is the highest, so that estimates are too high rather than too low.';
comment on column public.sending_limits.mms_price is
  'US dollars a message with pictures, whatever the length of its text: Twilio''s list price for the US in 2026. carrier_fee is '
  'added once.';
comment on column public.sending_limits.daily_spending_limit is
  'Estimated US dollars a day, in the organisation''s time zone. Null means no limit: any default would stop some '
  'organisation''s lawful campaign.';
comment on column public.sending_limits.min_balance is
  'Campaigns are paused while the balance at Twilio is below this, in the account''s currency. Null: the balance is not read.';
comment on column public.sending_limits.a2p_required is
  'Whether campaigns need a verified A2P registration even if their numbers are in no messaging service. Numbers in a messaging '
  'service always need it; toll-free numbers never do.';

alter table public.sending_limits enable row level security;
create policy "people read the limits of their organisation" on public.sending_limits
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins change the limits of their organisation" on public.sending_limits
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.has_role('admin')))
  with check (org_id = (select private.org_id()) and (select private.has_role('admin')));
grant select on public.sending_limits to authenticated;
grant delete, insert, select, update on public.sending_limits to service_role;
grant update (opt_out_rate, opt_out_volume, filtered_rate, filtered_volume, unknown_rate, unknown_volume, failed_rate,
  failed_volume, segment_price, carrier_fee, mms_price, daily_spending_limit, min_balance, a2p_required) on public.sending_limits
  to authenticated;

create trigger sending_limits_updated_at before update on public.sending_limits
  for each row execute function private.set_updated_at();
create trigger sending_limits_audit after update on public.sending_limits
  for each row when (old.* is distinct from new.*) execute function private.audit_change('settings');
