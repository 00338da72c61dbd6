create table private.refused_phones (
  lead_phone_id uuid primary key references public.lead_phones (id) on delete cascade,
  org_id uuid not null,
  e164 text collate "C" not null,
  reason text not null
);
comment on table private.refused_phones is
  'Phones of leads that are do_not_contact or whose consent is denied, kept by triggers. Such a phone is not written to, '
  'whichever of the leads that share it is meant. It stays when its lead is deleted, or a list that is bought again would end '
  'the refusal.';
comment on column private.refused_phones.reason is 'leads.refusal of the lead.';
create index refused_phones_e164_idx on private.refused_phones (org_id, e164);

alter table private.refused_phones enable row level security;
