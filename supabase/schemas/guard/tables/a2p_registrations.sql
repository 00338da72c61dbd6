create table public.a2p_registrations (
  org_id uuid not null references public.orgs (id) on delete cascade,
  messaging_service_sid text not null check (messaging_service_sid ~ '^MG[0-9a-f]{32}$'),
  status text not null check (status ~ '^[A-Z_]{1,40}$'),
  campaign_sid text,
  brand_sid text,
  use_case text,
  rate_limits jsonb,
  errors jsonb not null default '[]' check (jsonb_typeof(errors) = 'array'),
  checked_at timestamptz not null,
  primary key (org_id, messaging_service_sid)
);
comment on table public.a2p_registrations is
  'The status of the A2P 10DLC campaign of each messaging service when it was last read from Twilio: VERIFIED, PENDING, '
  'IN_PROGRESS, FAILED, or NONE if the service has no campaign.';

alter table public.a2p_registrations enable row level security;
grant select on public.a2p_registrations to authenticated, service_role;
